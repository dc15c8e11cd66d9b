import Type, { type TSchema } from 'typebox'

/** `{ "error": message }`: how every surface tells an error that has no form of its own. */
export const RestError = Type.Object({ error: Type.String() }, { description: 'What went wrong, for people.' })

/** OpenAI's form, for everything below `/v1`. */
export const OpenAiError = Type.Object(
  {
    error: Type.Object({
      message: Type.String(),
      type: Type.String(),
      param: Type.Union([Type.String(), Type.Null()]),
      code: Type.Union([Type.String(), Type.Null()])
    })
  },
  { description: 'What went wrong, as OpenAI tells it.' }
)

/** JSON-RPC's form, for `/rpc`. */
export const RpcFailure = Type.Object(
  {
    jsonrpc: Type.Literal('2.0'),
    error: Type.Object({
      code: Type.Integer(),
      message: Type.String(),
      data: Type.Object({ code: Type.String({ description: 'What went wrong, for programs.' }) })
    }),
    id: Type.Null()
  },
  { description: 'What went wrong, as JSON-RPC tells it.' }
)

const MEANING: Record<number, string> = {
  400: 'The request is not valid.',
  401: 'No credential, or one that is not valid.',
  403: 'The token does not hold the scope, or may not use that agent or model.',
  404: 'There is no such thing.',
  409: 'The agent is suspended.',
  410: 'It was there, and is past its time.',
  413: 'The body is larger than `gateway.httpBodyLimitBytes`.',
  415: 'The body is not JSON.',
  416: 'The range is not in it.',
  429: 'Too many requests or tokens, or a budget that is spent. `Retry-After` tells when to come again.',
  500: 'The gateway failed.',
  502: 'The provider failed.',
  503: 'Too busy. `Retry-After` tells when to come again.',
  507: 'There is no room left: the disk is full, or `gateway.media.quotaBytes` reached.',
  504: 'The provider, or the whole turn, took too long.'
}

/** The responses that document failures with these statuses, in the form of the path's surface. */
export function failureResponses(path: string, ...statuses: number[]): Record<number, TSchema> {
  const form = formOf(path)
  return Object.fromEntries(statuses.map((status) => [status, { ...form, description: MEANING[status] }]))
}

function formOf(path: string): TSchema {
  if (/(^|\/)v1(\/|$)/.test(path)) return OpenAiError
  return /(^|\/)rpc\/?$/.test(path) ? RpcFailure : RestError
}
