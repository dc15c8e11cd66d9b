import Type from 'typebox'

const id = Type.Unsafe<string | number | null>({ type: ['string', 'number', 'null'] })

const RpcCall = Type.Object(
  {
    jsonrpc: Type.Literal('2.0'),
    id: Type.Optional(id),
    method: Type.String(),
    params: Type.Optional(Type.Unsafe<object>({ type: ['object', 'array'] }))
  },
  { description: 'A call; without an `id` a notification, which is not answered.' }
)

const RpcResponse = Type.Object(
  {
    jsonrpc: Type.Literal('2.0'),
    id,
    result: Type.Optional(Type.Unknown()),
    error: Type.Optional(
      Type.Object({ code: Type.Integer(), message: Type.String(), data: Type.Optional(Type.Unknown()) })
    )
  },
  { description: 'Either `result` or `error`.' }
)

/** What `POST /rpc` takes, as the document tells it. */
export const RpcBody = Type.Union([RpcCall, Type.Array(RpcCall, { minItems: 1 })])

export const RpcAnswer = Type.Union([RpcResponse, Type.Array(RpcResponse)], {
  description:
    'The answer, or those of a batch in the order of its calls. Errors of JSON-RPC come with this status too.'
})
