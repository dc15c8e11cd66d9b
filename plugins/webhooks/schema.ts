import Type, { type Static } from 'typebox'
import type { DeliveryState, StoredDelivery } from '../../src/storage/port.ts'

const description = 'It is kept, on disk. One that was kept before is answered the same and changes nothing.'

export const Received = Type.Object({ received: Type.Literal(true) }, { description })

export const ReceivedByMapping = Type.Object(
  {
    received: Type.Optional(Type.Literal(true)),
    mapping: Type.Optional(Type.String({ description: 'The id of the mapping that took it.' })),
    challenge: Type.Optional(
      Type.String({ description: 'In place of both, the answer to Slack’s `url_verification`.' })
    )
  },
  { description }
)

export const ValidationFailure = Type.Object(
  {
    error: Type.Literal('Validation failed'),
    issues: Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))
  },
  { description: 'The payload is JSON, and no such event.' }
)

const STATES = ['waiting', 'running', 'held', 'handed', 'done', 'dead', 'discarded'] as const satisfies DeliveryState[]

export const State = Type.Enum([...STATES], {
  description:
    '`waiting` for its first attempt or its next; `held` for the agent’s next turn, `handed` in with it while it runs; `done`, `dead` (it failed for good), `discarded`.'
})

const time = (description: string) =>
  Type.Optional(Type.Integer({ description: `${description}, in milliseconds since the epoch.` }))

export const DeliveryRecord = Type.Object({
  id: Type.String(),
  mapping: Type.String(),
  senderId: Type.String({ description: 'What its sender calls it.' }),
  state: State,
  sending: Type.Boolean({ description: 'Its turn is done; what is left is to send the answer.' }),
  attempts: Type.Integer({ description: 'Of its turn, or of the sending.' }),
  turnId: Type.String({ description: 'The id of its turn, in all attempts the same.' }),
  agentId: Type.Optional(Type.String()),
  reason: Type.Optional(
    Type.String({ description: 'Why the last attempt failed; of one that is done, why no answer was sent.' })
  ),
  receivedAt: Type.Integer({ description: 'In milliseconds since the epoch.' }),
  dueAt: time('When the next attempt is due'),
  finishedAt: time('When it ended')
})

export const toRecord = (delivery: StoredDelivery): Static<typeof DeliveryRecord> => {
  const { id, mappingId, senderId, state, sending, attempts, turnId, agentId, reason } = delivery
  const { receivedAt, dueAt, finishedAt } = delivery
  const times = { receivedAt, dueAt, finishedAt }
  return { id, mapping: mappingId, senderId, state, sending, attempts, turnId, agentId, reason, ...times }
}
