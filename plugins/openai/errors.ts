import type { ErrorCode } from '../../src/errors.ts'
import type { Failure } from '../errors/failure.ts'

const TYPES: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error'
}

const CODES: Partial<Record<ErrorCode, string>> = {
  unauthorized: 'invalid_api_key',
  model_not_found: 'model_not_found',
  not_allowed: 'not_allowed',
  rate_limited: 'rate_limit_exceeded',
  provider_rate_limited: 'rate_limit_exceeded',
  provider_failed: 'provider_failed',
  provider_refused: 'provider_refused',
  provider_timeout: 'provider_timeout',
  agent_suspended: 'agent_suspended',
  busy: 'busy',
  storage_full: 'storage_full',
  storage_failed: 'storage_failed',
  aborted: 'aborted'
}

export interface OpenAiError {
  error: { message: string; type: string; param: string | null; code: string | null }
}

/** An error in OpenAI's form. */
export function openAiForm({ status, message, code, param, reason }: Failure): OpenAiError {
  // As OpenAI has it: the type tells clients not to come again soon.
  if (code === 'budget_exceeded') {
    return { error: { message, type: 'insufficient_quota', param: null, code: 'insufficient_quota' } }
  }
  const type = TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error')
  return { error: { message, type, param: param ?? null, code: reason ?? CODES[code] ?? null } }
}
