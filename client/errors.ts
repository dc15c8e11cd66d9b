/** What went wrong, for programs. What is not named here is `other`; `code` may say more. */
export type Reason =
  | 'unauthorized'
  | 'forbidden'
  | 'invalid'
  | 'not_found'
  | 'conflict'
  | 'rate_limited'
  | 'unavailable'
  | 'provider'
  | 'timeout'
  | 'connection'
  | 'closed'
  | 'other'

export interface ClientErrorOptions {
  reason: Reason
  /** The status of an answer over HTTP. */
  status?: number
  /** The gateway's own word: `data.code` of JSON-RPC, or its number where there is none. */
  code?: string | number
  /** After how long to try again, in milliseconds, where the gateway says so. */
  retryAfterMs?: number
  /** The params or fields at fault. */
  issues?: Issue[]
  cause?: unknown
}

export interface Issue {
  path: string
  message: string
}

/** Every failure of this client but an abort, which rejects with the reason of its signal. The message is for people. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  readonly reason: Reason
  readonly status?: number
  readonly code?: string | number
  readonly retryAfterMs?: number
  readonly issues: Issue[]

  constructor(message: string, { reason, status, code, retryAfterMs, issues = [], cause }: ClientErrorOptions) {
    super(message, { cause })
    this.reason = reason
    this.status = status
    this.code = code
    this.retryAfterMs = retryAfterMs
    this.issues = issues
  }
}

const BY_STATUS: Record<number, Reason> = {
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  410: 'not_found',
  413: 'invalid',
  415: 'invalid',
  422: 'invalid',
  429: 'rate_limited',
  502: 'provider',
  503: 'unavailable',
  504: 'timeout'
}

/** The failure that an HTTP answer tells of; its body is read. */
export async function toHttpError(response: Response): Promise<ClientError> {
  const { status, headers } = response
  const body = (await response.json().catch(() => undefined)) as { error?: string | { message?: string } } | undefined
  const told = typeof body?.error === 'string' ? body.error : body?.error?.message
  const seconds = Number(headers.get('retry-after'))
  return new ClientError(told ?? `The gateway answered with the status ${status}`, {
    reason: BY_STATUS[status] ?? (status >= 500 ? 'unavailable' : 'other'),
    status,
    retryAfterMs: seconds > 0 ? seconds * 1000 : undefined
  })
}

/** An error object of JSON-RPC 2.0 (section 5.1), with the `data` of this gateway. */
export interface RpcFailure {
  code: number
  message: string
  data?: { code?: string; issues?: Issue[]; retryAfterSeconds?: number }
}

const BY_CODE: Record<string, Reason> = {
  unauthorized: 'unauthorized',
  forbidden: 'forbidden',
  not_found: 'not_found',
  unknown_agent: 'not_found',
  model_not_found: 'not_found',
  agent_suspended: 'conflict',
  conflict: 'conflict',
  busy: 'unavailable',
  provider_failed: 'provider',
  provider_rate_limited: 'provider',
  provider_timeout: 'timeout',
  timeout: 'timeout'
}

/** The failure that an error of JSON-RPC tells of. */
export function toRpcError({ code, message, data }: RpcFailure): ClientError {
  const seconds = data?.retryAfterSeconds
  return new ClientError(message, {
    reason: reasonOf(code, message, data?.code),
    code: data?.code ?? code,
    issues: data?.issues,
    retryAfterMs: seconds === undefined ? undefined : seconds * 1000
  })
}

function reasonOf(code: number, message: string, word: string | undefined): Reason {
  const known = word === undefined ? undefined : BY_CODE[word]
  if (known) return known
  if (message.startsWith('Insufficient scope')) return 'forbidden'
  if (message.includes('rate limit')) return 'rate_limited'
  if (message.startsWith('Rate limit')) return 'rate_limited'
  if (code === -32602 || code === -32600) return 'invalid'
  return code === -32601 ? 'not_found' : 'other'
}
