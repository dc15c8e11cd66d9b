import { diskFault } from './storage/fault.ts'

/** What went wrong, independent of any surface; each surface maps it to its own status and form. */
export type ErrorCode =
  | 'invalid_request'
  | 'unsupported_encoding'
  | 'too_many_headers'
  | 'unauthorized'
  | 'forbidden'
  /** The request is for another host, or comes from a page of another. */
  | 'host_refused'
  | 'origin_refused'
  /** The token may not use that very agent or model. */
  | 'not_allowed'
  | 'not_found'
  | 'unknown_agent'
  | 'agent_suspended'
  | 'model_not_found'
  | 'busy'
  | 'rate_limited'
  | 'budget_exceeded'
  | 'provider_failed'
  | 'provider_refused'
  | 'provider_rate_limited'
  | 'provider_timeout'
  | 'channel_failed'
  | 'gone'
  | 'too_large'
  | 'unsupported_media'
  /** There is no room left: the disk is full, or the quota of files reached. */
  | 'storage_full'
  /** The disk cannot be read or written. */
  | 'storage_failed'
  | 'aborted'
  | 'internal'

export interface ErrorDetail {
  /** Seconds after which the same request may succeed. */
  retryAfterSeconds?: number
  /** The request field that is at fault, as the client spells it. */
  param?: string
  /** A finer, stable reason, such as `context_length_exceeded`; of `forbidden`: the scope that it needs, where that is not `admin`. */
  reason?: string
  cause?: unknown
}

/**
 * An error whose message may be shown to clients as it stands: it holds no secret, path or stack.
 * Whatever else is thrown is answered as an internal error and only logged.
 */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: ErrorCode
  readonly retryAfterSeconds: number | undefined
  readonly param: string | undefined
  readonly reason: string | undefined

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, { cause: detail.cause })
    this.code = code
    this.retryAfterSeconds = detail.retryAfterSeconds
    this.param = detail.param
    this.reason = detail.reason
  }
}

/**
 * What a log may say of an error. One of ours is told by its message, since what caused it may quote a credential or a
 * conversation; the cause's code (`ECONNREFUSED`) is no secret. Anything else is a fault of the gateway, told whole.
 */
export function forLog(error: GatewayError): object {
  if (error.code === 'internal') return { err: error.cause ?? error }
  return { error: error.message, code: error.code, cause: deepestCode(error.cause) }
}

function deepestCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { code } = error as NodeJS.ErrnoException
  return deepestCode(error.cause) ?? (typeof code === 'string' ? code : undefined)
}

const FAULTS = {
  full: { code: 'storage_full', message: 'The storage is full: nothing can be stored until there is room again' },
  broken: { code: 'storage_failed', message: 'The storage cannot be read or written' }
} as const

/** The error itself when it is ours, what a disk has done as such, otherwise an internal error; its cause is kept. */
export function asGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  const fault = diskFault(error)
  if (fault) return new GatewayError(FAULTS[fault].code, FAULTS[fault].message, { cause: error })
  return new GatewayError('internal', 'Internal server error', { cause: error })
}
