import type { Test } from 'tap'
import { bearer } from './gateway.ts'
import { connect, post } from './socket.ts'
import { parseEvents } from './sse.ts'

/** Whom to ask: an agent, which every surface has, or a model, which only `/v1` has. */
export interface Question {
  agent?: string
  model?: string
  message?: string
}

/** What came back, whatever the surface. */
export interface Reply {
  /** `ok`, or the code of the error as that surface tells it. */
  code: string
  /** The answer, or the error's message. */
  text: string
  status: number
  /** Seconds. */
  retryAfter: number | undefined
  headers: Headers | undefined
}

export type Ask = (question?: Question) => Promise<Reply>

/** The ways by which an agent is asked. */
export const SURFACES = [
  'chat',
  'chatStream',
  'chatByQuery',
  'completions',
  'completionsStream',
  'responses',
  'responsesStream',
  'responsesInBackground',
  'responsesSocket',
  'rpc',
  'socket',
  'socketStream'
] as const
export type Surface = (typeof SURFACES)[number]

/** Those by which a model can be named. */
export const WITH_MODELS: readonly Surface[] = SURFACES.filter((name) => /^(completions|responses)/.test(name))

/** Every way to ask a gateway with one token. */
export function askOver(t: Test, url: string, secret: string): Record<Surface, Ask> {
  const chat = ({ agent, message = 'one two three' }: Question = {}) => ({ message, agentId: agent })
  const named = ({ agent = 'default', model = `agent/${agent}`, message = 'one two three' }: Question = {}) => ({
    model,
    messages: [{ role: 'user', content: message }]
  })
  const response = (question?: Question) => {
    const { model, messages } = named(question)
    return { model, input: messages[0]?.content }
  }
  const send = (path: string, body: object) => postJson(url + path, secret, body)
  return {
    chat: (question) => send('/api/chat', chat(question)),
    chatStream: (question) => send('/api/chat/stream', chat(question)),
    chatByQuery: async ({ agent, message = 'one two three' } = {}) => {
      const query = new URLSearchParams({ message, ...(agent && { agentId: agent }) })
      return read(await fetch(`${url}/api/chat/stream?${query.toString()}`, { headers: bearer(secret) }))
    },
    completions: (question) => send('/v1/chat/completions', named(question)),
    completionsStream: (question) => send('/v1/chat/completions', { ...named(question), stream: true }),
    responses: (question) => send('/v1/responses', response(question)),
    responsesStream: (question) => send('/v1/responses', { ...response(question), stream: true }),
    responsesInBackground: (question) =>
      send('/v1/responses', { ...response(question), background: true, stream: true }),
    responsesSocket: async (question) => {
      const socket = await connect(t, url, { secret, path: '/v1/responses' })
      socket.send({ type: 'response.create', ...response(question) })
      const seen = () => socket.messages as unknown as SocketEvent[]
      await socket.until(() => seen().some(({ type }) => type === 'error' || type === 'response.completed'))
      socket.ws.close()
      const failed = seen().find(({ type }) => type === 'error')
      if (!failed) return ok(JSON.stringify(seen().at(-1)))
      return { ...ok(failed.error?.message ?? ''), code: failed.error?.code ?? '', status: failed.status ?? 0 }
    },
    rpc: async (question) => toReply((await post(url, call('agent.execute', chat(question)), secret)).json as Answer),
    socket: (question) => overSocket(t, url, secret, 'agent.execute', chat(question)),
    socketStream: (question) => overSocket(t, url, secret, 'agent.stream', chat(question))
  }
}

interface SocketEvent {
  type: string
  status?: number
  error?: { code: string; message: string }
}

interface Answer {
  result?: unknown
  error?: { message: string; data?: { code?: string; retryAfterSeconds?: number } }
}

const call = (method: string, params: object) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
const ok = (text: string): Reply => ({ code: 'ok', text, status: 200, retryAfter: undefined, headers: undefined })

async function overSocket(t: Test, url: string, secret: string, method: string, params: object): Promise<Reply> {
  const socket = await connect(t, url, { secret })
  const answer = (await socket.call(method, params)) as Answer
  socket.ws.close()
  return toReply(answer)
}

function toReply({ result, error }: Answer): Reply {
  if (!error) return ok(JSON.stringify(result))
  const { code = '', retryAfterSeconds } = error.data ?? {}
  return { ...ok(error.message), code, retryAfter: retryAfterSeconds }
}

async function postJson(url: string, secret: string, body: object): Promise<Reply> {
  const headers = { ...bearer(secret), 'content-type': 'application/json' }
  return read(await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) }))
}

async function read(response: Response): Promise<Reply> {
  const { status, headers } = response
  const text = await response.text()
  const after = headers.get('retry-after')
  const reply = { ...ok(text), status, headers, retryAfter: after === null ? undefined : Number(after) }
  if (status === 200) return { ...reply, code: await codeIn(response, text) }
  const { error, code } = JSON.parse(text) as { error: unknown; code?: string }
  if (typeof error === 'string') return { ...reply, code: code ?? `${status}`, text: error }
  const told = error as { code: string | number; message: string }
  return { ...reply, code: String(told.code), text: told.message }
}

/** Of a stream that began, whether it ended well. */
async function codeIn({ headers }: Response, text: string): Promise<string> {
  if (!headers.get('content-type')?.startsWith('text/event-stream')) return 'ok'
  const failed = (await parseEvents(text)).find(({ event }) => event === 'error' || event === 'response.failed')
  return failed ? 'failed' : 'ok'
}
