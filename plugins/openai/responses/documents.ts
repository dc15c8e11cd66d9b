import Type from 'typebox'

/** The OpenResponses specification says what it is in full; nothing of it is left out of an answer. */
const open = { additionalProperties: true }
const item = Type.Object({ type: Type.String(), id: Type.String() }, open)

export const Response = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('response'),
    created_at: Type.Integer({ description: 'Seconds since the epoch.' }),
    status: Type.Enum(['queued', 'in_progress', 'completed', 'incomplete', 'failed', 'cancelled']),
    model: Type.String(),
    output: Type.Array(item)
  },
  { ...open, description: 'A response, as the OpenResponses specification has it.' }
)

export const ResponseAnswer = {
  description: 'A response; with `stream: true` its events as Server-Sent Events, and `data: [DONE]` at the end.',
  content: { 'application/json': { schema: Response }, 'text/event-stream': { schema: { type: 'string' } } }
}

export const ItemList = Type.Object(
  {
    object: Type.Literal('list'),
    data: Type.Array(item),
    first_id: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
    last_id: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
    has_more: Type.Boolean()
  },
  { description: 'Items, in the order that was asked for.' }
)
