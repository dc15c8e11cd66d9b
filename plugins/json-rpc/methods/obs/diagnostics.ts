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
  reason: Type.Optional(Type.String({ description: 'The code of the failure.' })),
  breaker: Type.Object({
    status: Type.Enum(['closed', 'open', 'half_open'], {
      description: '`open`: it is not called for now; `half_open`: one call tries whether it works again.'
    }),
    failures: Type.Integer({ description: 'Calls that failed in a row.' }),
    retryAt: Type.Optional(
      Type.Integer({ description: 'While it is not closed: when the next call is let through, in milliseconds.' })
    )
  }),
  authCooldownUntil: Type.Optional(
    Type.Integer({ description: 'It refuses the credentials: its alternatives are asked first until then.' })
  )
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
    turns: Type.Object({
      running: Type.Integer(),
      waiting: Type.Integer({ description: 'Of these, those that wait for a place.' })
    }),
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
