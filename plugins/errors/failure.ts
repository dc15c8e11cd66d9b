import type { FastifyError } from 'fastify'
import { asGatewayError, type ErrorCode, GatewayError } from '../../src/errors.ts'
import { RefusedJson } from '../../src/parse-json.ts'

/** An error as HTTP tells it, before a surface gives it its form. Nothing in it is secret. */
export interface Failure {
  status: number
  message: string
  /** Our own code, for surfaces that name one. */
  code: ErrorCode
  param: string | undefined
  reason: string | undefined
  retryAfterSeconds: number | undefined
}

const STATUS: Record<ErrorCode, number> = {
  invalid_request: 400,
  unsupported_encoding: 415,
  too_many_headers: 431,
  unauthorized: 401,
  forbidden: 403,
  host_refused: 421,
  origin_refused: 403,
  not_allowed: 403,
  not_found: 404,
  unknown_agent: 400,
  agent_suspended: 409,
  model_not_found: 404,
  busy: 503,
  rate_limited: 429,
  budget_exceeded: 429,
  provider_failed: 502,
  provider_refused: 502,
  provider_rate_limited: 429,
  provider_timeout: 504,
  channel_failed: 502,
  gone: 410,
  too_large: 413,
  unsupported_media: 415,
  storage_full: 507,
  storage_failed: 507,
  aborted: 500,
  internal: 500
}

/** The key that limits bodies, where a route names no other. */
const LIMIT_KEY = 'gateway.httpBodyLimitBytes'

/** What any thrown value comes to. Errors that are not known to be safe to show become a bare 500. */
export function toFailure(error: FastifyError | GatewayError, bodyLimit: number, limitKey = LIMIT_KEY): Failure {
  const known = asGatewayError(error)
  if (error instanceof GatewayError || known.code !== 'internal') {
    const { code, message, param, reason, retryAfterSeconds } = known
    return { status: STATUS[code], message, code, param, reason, retryAfterSeconds }
  }
  if (error instanceof RefusedJson) return failure(400, error.message)
  if (error instanceof SyntaxError) return failure(400, 'Invalid JSON body')
  const { statusCode: status = 500, code } = error
  if (status >= 500 || status < 400) return failure(500, 'Internal server error', 'internal')
  if (code === 'FST_ERR_BAD_URL') return failure(400, 'The address is not valid')
  if (code === 'FST_ERR_MAX_PARAM_LENGTH') return failure(414, 'The address is too long')
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return failure(413, `Request body is larger than ${bodyLimit} bytes (${limitKey})`)
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return failure(415, 'Unsupported media type: send application/json')
  if (code?.startsWith('FST_ERR_CTP_')) return failure(status, 'Invalid JSON body')
  return { ...failure(status, error.message, codeOf(status)), param: (error as { param?: string }).param }
}

const failure = (status: number, message: string, code: ErrorCode = 'invalid_request'): Failure => ({
  status,
  message,
  code,
  param: undefined,
  reason: undefined,
  retryAfterSeconds: undefined
})

function codeOf(status: number): ErrorCode {
  if (status === 401) return 'unauthorized'
  if (status === 403) return 'forbidden'
  return status === 404 ? 'not_found' : 'invalid_request'
}
