import { GatewayError } from '../errors.ts'

export interface UpstreamFailure {
  providerId: string
  status: number
  /** Its Retry-After header: seconds or an HTTP date. */
  retryAfter?: string
  body?: string
  cause?: unknown
}

/**
 * An error answer of a provider, as an error of ours. What it says of the request is passed on; what it says of
 * credentials is not, since providers quote parts of the key.
 */
export function upstreamError({ providerId, status, retryAfter, body, cause }: UpstreamFailure): GatewayError {
  const { message, code } = readBody(body)
  const retryAfterSeconds = readRetryAfter(retryAfter)
  const provider = `The provider "${providerId}"`
  if (status === 401 || status === 403 || (status === 400 && KEY_REFUSED.test(body ?? ''))) {
    return new GatewayError('provider_refused', `${provider} refused the gateway's credentials`, { cause })
  }
  if (status === 429) {
    return new GatewayError('provider_rate_limited', `${provider} is limiting the rate of requests`, {
      retryAfterSeconds,
      cause
    })
  }
  if (status === 404 && code === 'model_not_found') {
    return new GatewayError('model_not_found', message ?? `${provider} does not have this model`, {
      param: 'model',
      cause
    })
  }
  if (status === 400 || status === 413 || status === 422) {
    return new GatewayError('invalid_request', message ?? `${provider} refused the request`, { reason: code, cause })
  }
  if (status === 408 || status === 504) return new GatewayError('provider_timeout', `${provider} timed out`, { cause })
  return new GatewayError('provider_failed', `${provider} failed with status ${status}`, { retryAfterSeconds, cause })
}

/** Some, Google's among them, refuse a key as a bad request. */
const KEY_REFUSED = /API_KEY_INVALID|"code":\s*"invalid_api_key"|\bAPI key (is )?(not valid|invalid|expired)\b/i

/** A provider that could not be reached, or whose connection broke. */
export function unreachable(providerId: string, cause: unknown): GatewayError {
  return new GatewayError('provider_failed', `The connection to the provider "${providerId}" failed`, { cause })
}

/** An answer that stopped before its end. */
export function endedEarly(providerId: string): GatewayError {
  return new GatewayError('provider_failed', `The provider "${providerId}" ended its answer before it was complete`)
}

/** A provider that said nothing for too long. */
export function tooSilent(providerId: string, limitMs: number): GatewayError {
  return new GatewayError('provider_timeout', `The provider "${providerId}" was silent for ${limitMs / 1000} s`)
}

/** A provider that said what is not of its wire format. */
export function notUnderstood(providerId: string, cause?: unknown): GatewayError {
  return new GatewayError('provider_failed', `The provider "${providerId}" sent something that is not understood`, {
    cause
  })
}

/** Keys as providers form them, which some quote in whole. */
const KEYS = /\b(sk|pk|rk|gsk|xai|AIza)[-_]?[\w-]{16,}/g

/** What the body of an error answer says, without the keys in it. */
export function readBody(body: string | undefined): { message?: string; code?: string } {
  try {
    const { error } = JSON.parse(body ?? '') as {
      error?: { message?: unknown; code?: unknown; type?: unknown } | string
    }
    if (typeof error !== 'object' || error === null) return { message: typeof error === 'string' ? error : undefined }
    const code = error.code ?? error.type
    return {
      message: typeof error.message === 'string' ? error.message.replace(KEYS, '…') : undefined,
      code: typeof code === 'string' ? code : undefined
    }
  } catch {
    return {} // a proxy's HTML page, say: its status has to be enough
  }
}

function readRetryAfter(value: string | undefined): number | undefined {
  if (!value) return undefined
  const seconds = /^\d+(\.\d+)?$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.max(1, Math.ceil(seconds)) : undefined
}
