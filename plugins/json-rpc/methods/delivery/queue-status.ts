import Type from 'typebox'
import { defineMethod } from '../../method.ts'

export const queueStatus = defineMethod({
  name: 'delivery.queue.status',
  scope: 'admin',
  summary: 'How the queue of deliveries is',
  params: Type.Object({}),
  result: Type.Object({
    enabled: Type.Boolean({ description: 'Whether deliveries are taken and worked on.' }),
    waiting: Type.Integer(),
    running: Type.Integer(),
    held: Type.Integer({ description: 'Kept for an agent’s next turn.' }),
    dead: Type.Integer({ description: 'Failed for good.' }),
    nextDueAt: Type.Optional(
      Type.Integer({ description: 'When the next attempt is due, in milliseconds since the epoch.' })
    ),
    concurrency: Type.Integer(),
    maxAttempts: Type.Integer()
  }),
  handler: (_params, { services }) => services.webhooks.queue()
})
