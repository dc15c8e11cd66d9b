import type { IncomingHttpHeaders } from 'node:http'
import type { JsonObject } from './wire.ts'
import { objects } from './wire.ts'

/** An error as a provider answers it; the formats word it their own way. */
export interface Failure {
  status: number
  code: string | null
  type: string
  message: string
  param?: string
  /** Its Retry-After header, in seconds. */
  retryAfter?: number
}

const invalid = { status: 400, type: 'invalid_request_error', code: null }

export const badRequest = (message: string): Failure => ({ ...invalid, message })

export const unknownUrl = (method: string, path: string): Failure => ({
  ...invalid,
  status: 404,
  message: `Invalid URL (${method} ${path})`
})

export const modelNotFound = (model: string): Failure => ({
  status: 404,
  code: 'model_not_found',
  type: 'invalid_request_error',
  param: 'model',
  message: `The model \`${model}\` does not exist or you do not have access to it.`
})

export const SERVER_ERROR: Failure = {
  status: 500,
  code: null,
  type: 'server_error',
  message: 'The server had an error while processing your request. Sorry about that!'
}

const FAILURES: Failure[] = [
  {
    status: 400,
    code: 'context_length_exceeded',
    type: 'invalid_request_error',
    param: 'messages',
    message: "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens."
  },
  {
    status: 429,
    code: 'rate_limit_exceeded',
    type: 'requests',
    message: 'Rate limit reached for requests. Please try again in 7s.',
    retryAfter: 7
  },
  SERVER_ERROR,
  {
    status: 503,
    code: 'server_overloaded',
    type: 'service_unavailable_error',
    message: 'The engine is currently overloaded, please try again later.'
  }
]

/**
 * The failure that a model of the name `status-…` stands for. One of the name `flaky-2-503-1s` fails so for the first two
 * requests, with a Retry-After of one second, which may be left out.
 * @param asked how often the model was asked, this time among them
 */
export function failureOf(model: string, headers: IncomingHttpHeaders, asked: () => number): Failure | undefined {
  const [, times, status, seconds] = /^flaky-(\d+)-(\d{3})(?:-(\d+(?:\.\d+)?)s)?$/.exec(model) ?? []
  if (times !== undefined) {
    const failure = failureOf(`status-${status}`, headers, asked)
    return failure && asked() <= Number(times)
      ? { ...failure, retryAfter: seconds ? Number(seconds) : undefined }
      : undefined
  }
  if (model === 'status-401') return unauthorized(keyOf(headers))
  if (model === 'status-404') return modelNotFound(model)
  if (model === 'quotes-key') return badRequest(`${keyOf(headers)} may not do this.`)
  if (model === 'key-refused') return badRequest('API key not valid. Please pass a valid API key.') // as Google does
  return FAILURES.find((failure) => model === `status-${failure.status}`)
}

/** What servers say of a part that is no text: OpenAI names its place, others only its kind or not even that. */
export function notText(model: string, body: JsonObject): Failure | undefined {
  for (const [m, { content }] of objects(body.messages).entries()) {
    for (const [p, { type }] of objects(content).entries()) {
      if (type === 'text') continue
      if (model === 'text-only-kind') return badRequest(`This model does not support ${String(type)} input.`)
      if (model === 'text-only-500') return { ...SERVER_ERROR, message: 'image input is not supported - hint: mmproj' }
      if (model === 'text-only-enum')
        return badRequest(`Failed: unknown variant \`${String(type)}\`, expected \`text\``)
      return { ...badRequest('Invalid content type for this model.'), param: `messages.[${m}].content.[${p}].type` }
    }
  }
  return undefined
}

/** OpenAI's error body, of all its formats. */
export function openaiError(failure: Failure): JsonObject {
  const { message, type, code, param } = failure
  return { error: { message, type, param: param ?? null, code } }
}

function unauthorized(key: string): Failure {
  return {
    status: 401,
    code: 'invalid_api_key',
    type: 'invalid_request_error',
    message:
      `Incorrect API key provided: ${masked(key)}. ` +
      'You can find your API key at https://platform.openai.com/account/api-keys.'
  }
}

/** As OpenAI masks a key: its start and end stay readable. */
function masked(key: string): string {
  return key.slice(0, 8) + '*'.repeat(Math.max(key.length - 12, 0)) + key.slice(8).slice(-4)
}

function keyOf(headers: IncomingHttpHeaders): string {
  const key = headers['x-api-key'] ?? headers['x-goog-api-key'] ?? headers.authorization ?? ''
  return String(key).replace(/^Bearer /i, '')
}
