import Type from 'typebox'
import { MemoryStats } from '../../../memory/schema.ts'
import { Channel } from '../../../schemas/channels.ts'
import { ProcessStatus } from '../../../schemas/status.ts'
import { defineMethod } from '../../method.ts'

const Provider = Type.Object({
  id: Type.String(),
  status: Type.Enum(['ok', 'degraded', 'unknown'], {
    description: '`degraded`: its calls fail, by its own fault; `unknown`: it was not called since the start.'
  }),
  since: Type.Optional(Type.Integer({ description: 'Degraded since, in milliseconds since the epoch.' })),
  reason: Type.Optional(Type.String({ description: 'The code of the failure.' }))
})

export const diagnostics = defineMethod({
  name: 'obs.diagnostics',
  scope: 'admin',
  summary: 'How the gateway is, part by part',
  params: Type.Object({}),
  result: Type.Object({
    process: ProcessStatus,
    eventLoopDelayMs: Type.Number({ description: 'The 99th percentile, over at most the last minute.' }),
    events: Type.Object({
      first: Type.Integer({ description: 'The oldest id that is kept; `last + 1` when none is.' }),
      last: Type.Integer({ description: 'The newest id that was given.' }),
      readers: Type.Integer()
    }),
    sockets: Type.Integer({ description: 'Open WebSockets.' }),
    turns: Type.Object({ running: Type.Integer() }),
    providers: Type.Array(Provider),
    memory: MemoryStats,
    storage: Type.Object({
      bytes: Type.Integer({ description: 'Of the files of the database.' }),
      schemaVersion: Type.Integer()
    }),
    channels: Type.Array(Channel)
  }),
  handler: (_params, { services }) => services.diagnostics.read()
})
