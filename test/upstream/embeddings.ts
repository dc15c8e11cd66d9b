import type { IncomingMessage, ServerResponse } from 'node:http'
import { createHash } from 'node:crypto'
import { badRequest, failureOf, modelNotFound, openaiError, type Failure } from './failures.ts'
import { gemini } from './gemini.ts'
import { type LoggedRequest, timesAsked } from './log.ts'
import type { JsonObject } from './wire.ts'
import { isObject, objects, textOf, words } from './wire.ts'

const DIMENSIONS = 8
const GEMINI = /^\/v1beta\/models\/(.+):batchEmbedContents$/

/**
 * Answers a request for vectors, if it is one. What a model does is its name: `embed` understands base64 and
 * `dimensions`; `embed-float` always answers numbers, `embed-no-base64` refuses base64, `embed-fixed` refuses
 * `dimensions`, `embed-short` texts of more than 100 characters; `embed-shuffled` gives the vectors in another order, `embed-few` one too few, `embed-garbage` no JSON,
 * `embed-wide` vectors of 1,536 numbers, `embed-512` of as many as it says, `embed-slow` an answer after 400 ms, `embed-silent` none.
 */
export function answerEmbeddings(request: IncomingMessage, response: ServerResponse, entry: LoggedRequest): boolean {
  const { method, url = '' } = request
  const [path = ''] = url.split('?')
  if (method !== 'POST') return false
  const body = isObject(entry.body) ? entry.body : {}
  const google = GEMINI.exec(path)?.[1]
  if (google !== undefined) answerGemini(google, body, response, entry)
  else if (path === '/v1/embeddings') answerOpenAi(body, response, entry)
  else return false
  return true
}

function answerOpenAi(body: JsonObject, response: ServerResponse, entry: LoggedRequest): void {
  const model = String(body.model)
  const failure = failureFor(model, entry) ?? refusal(model, body)
  if (failure) return fail(response, failure, openaiError(failure))
  if (model === 'embed-silent') return
  if (model === 'embed-garbage') return void response.end('<html>')
  const texts = [body.input].flat().map(String)
  const numbers = body.encoding_format !== 'base64' || model === 'embed-float'
  const data = texts.map((text, index) => {
    const vector = vectorOf(text, dimensionsOf(model) ?? Number(body.dimensions ?? DIMENSIONS))
    const embedding = numbers ? [...vector] : Buffer.from(vector.buffer).toString('base64')
    return { object: 'embedding', index, embedding }
  })
  if (model === 'embed-shuffled') data.reverse()
  if (model === 'embed-few') data.pop()
  const tokens = texts.reduce((sum, text) => sum + words(text).length, 0)
  const usage = { prompt_tokens: tokens, total_tokens: tokens }
  const answer = JSON.stringify({ object: 'list', data, model, usage })
  setTimeout(() => response.setHeader('content-type', 'application/json').end(answer), model === 'embed-slow' ? 400 : 0)
}

function dimensionsOf(model: string): number | undefined {
  if (model === 'embed-wide') return 1536
  const count = /^embed-(\d{1,5})$/.exec(model)?.[1]
  return count === undefined ? undefined : Number(count)
}

function answerGemini(model: string, body: JsonObject, response: ServerResponse, entry: LoggedRequest): void {
  const failure = failureFor(model, entry)
  if (failure) return fail(response, failure, gemini.failure(failure))
  const embeddings = objects(body.requests).map(({ content, outputDimensionality }) => ({
    values: [...vectorOf(isObject(content) ? textOf(content.parts) : '', Number(outputDimensionality ?? DIMENSIONS))]
  }))
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ embeddings }))
}

function failureFor(model: string, entry: LoggedRequest): Failure | undefined {
  if (model.startsWith('embed')) return undefined
  const failure = failureOf(model, entry.headers, () => timesAsked(model))
  return failure ?? (model.startsWith('flaky') ? undefined : modelNotFound(model))
}

function refusal(model: string, body: JsonObject): Failure | undefined {
  if (model === 'embed-no-base64' && body.encoding_format === 'base64') {
    return badRequest("Unsupported value: 'encoding_format' must be 'float'.")
  }
  if (model === 'embed-fixed' && body.dimensions !== undefined) {
    return badRequest('This model does not support specifying dimensions.')
  }
  if (model === 'embed-short' && [body.input].flat().some((text) => String(text).length > 100)) {
    return badRequest('This input is too long.')
  }
  return undefined
}

function fail(response: ServerResponse, { status, retryAfter }: Failure, body: JsonObject): void {
  const header = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }
  response.writeHead(status, { 'content-type': 'application/json', ...header })
  response.end(JSON.stringify(body))
}

/** The same vector for the same text, of any length but 1: its first numbers are the first of a longer one. */
export function vectorOf(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions)
  for (let at = 0; at < dimensions; at += 32) {
    const bytes = createHash('sha256').update(`${at}:${text}`).digest()
    for (let offset = 0; offset < 32 && at + offset < dimensions; offset++) {
      vector[at + offset] = (bytes[offset] ?? 0) / 64 - 2
    }
  }
  return vector
}
