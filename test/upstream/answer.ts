import type { IncomingMessage, ServerResponse } from 'node:http'
import { anthropic } from './anthropic.ts'
import { chat } from './chat.ts'
import type { Failure } from './failures.ts'
import { badRequest, failureOf, notText, modelNotFound, SERVER_ERROR, unknownUrl } from './failures.ts'
import { type Format, toolResult } from './format.ts'
import { gemini } from './gemini.ts'
import { type LoggedRequest, timesAsked } from './log.ts'
import { Outlet } from './outlet.ts'
import { emptyAnswer, play } from './play.ts'
import { responses } from './responses.ts'
import { scenarioOf } from './scenarios.ts'
import type { JsonObject } from './wire.ts'
import { isObject } from './wire.ts'

interface Route {
  format: Format
  /** What the URL tells and other formats have in the body. */
  known: { model?: string; stream?: boolean }
}

const FORMATS = new Map([
  ['/v1/chat/completions', chat],
  ['/v1/responses', responses],
  ['/v1/messages', anthropic]
])

/** What `long-only` takes as a limit of its answer. */
const LEAST_LIMIT = 100

/** Answers a request for a model's answer, in the format of its URL. */
export async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  entry: LoggedRequest,
  raw: string
): Promise<void> {
  const route = routeOf(request)
  const { method = '', url = '' } = request
  if (!route) return fail(response, chat, unknownUrl(method, url))
  const { format, known } = route
  if (!isObject(entry.body)) return fail(response, format, badRequest('We could not parse the JSON body.'))
  await answerModel({ ...entry.body, ...known }, format, response, entry, raw)
}

async function answerModel(
  body: JsonObject,
  format: Format,
  response: ServerResponse,
  entry: LoggedRequest,
  raw: string
): Promise<void> {
  const model = typeof body.model === 'string' ? body.model : ''
  const streams = body.stream === true
  // An answer that comes in one piece cannot fail halfway.
  if (model === 'error-mid' && !streams) return fail(response, format, SERVER_ERROR)
  if (model === 'long-only' && Number(body.max_tokens) < LEAST_LIMIT) {
    return fail(response, format, badRequest('Could not finish the message because max_tokens was reached.'))
  }
  const unread = model.startsWith('text-only') ? notText(model, body) : undefined
  if (unread) return fail(response, format, unread)
  const asked = format.read(body)
  const broken = model === 'tool-then-500' && toolResult(asked) !== undefined
  const failure = broken ? SERVER_ERROR : failureOf(model, entry.headers, () => timesAsked(model))
  if (failure) return fail(response, format, failure)
  const scenario = model === 'reasoning' && !format.reasons ? undefined : scenarioOf(model, asked, raw)
  if (!scenario) return fail(response, format, modelNotFound(model))
  const soFar = emptyAnswer()
  const encoder = format.encoder(body, asked, soFar)
  const contentType = streams ? 'text/event-stream; charset=utf-8' : 'application/json'
  const outlet = new Outlet(response, entry, scenario.layout, contentType)
  await play({ steps: scenario.steps, streams, encoder, answer: soFar, outlet, entry })
}

function routeOf({ method, url = '' }: IncomingMessage): Route | undefined {
  if (method !== 'POST') return undefined
  const { pathname, searchParams } = new URL(url, 'http://upstream')
  const format = FORMATS.get(pathname)
  if (format) return { format, known: {} }
  const match = /^\/v1beta\/models\/(.+):(generateContent|streamGenerateContent)$/.exec(pathname)
  const stream = match?.[2] === 'streamGenerateContent'
  // Without alt=sse Google streams one JSON array, which no client here asks for.
  if (!match?.[1] || (stream && searchParams.get('alt') !== 'sse')) return undefined
  return { format: gemini, known: { model: decodeURIComponent(match[1]), stream } }
}

function fail(response: ServerResponse, format: Format, failure: Failure): void {
  response.writeHead(failure.status, {
    'content-type': 'application/json',
    ...(failure.retryAfter !== undefined && { 'retry-after': String(failure.retryAfter) })
  })
  response.end(JSON.stringify(format.failure(failure)))
}
