import { createHmac, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { HOOK_SECRET, TOKEN } from './gateway.ts'
import type { Ledger } from './ledger.ts'

/** What one piece of work came to. `fault`: it was to fail, and did; `cut`: the gateway was being restarted. */
export type End = 'ok' | 'fault' | 'cut' | 'wrong'

export interface Drivers {
  url(): string
  /** A restart is under way: connections may break. */
  isDown(): boolean
  ledger: Ledger
}

type Work = (drivers: Drivers) => Promise<End>

const LIMIT_MS = 20_000
const SESSIONS = 200

const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }

const ask = (url: string, body?: object, signal = AbortSignal.timeout(LIMIT_MS)) =>
  fetch(url, { method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body), signal })

const chat = (model: string, stream: boolean) => ({
  model,
  stream,
  messages: [{ role: 'user', content: 'the same again' }]
})

const get =
  (path: string): Work =>
  async ({ url }) => {
    const response = await ask(url() + path)
    await response.text()
    return response.status === 200 ? 'ok' : 'wrong'
  }

/** A stream that is complete has its last event. */
const stream =
  (path: string, body: object | undefined, last: string): Work =>
  async ({ url }) => {
    const response = await ask(url() + path, body)
    return (await response.text()).includes(last) ? 'ok' : 'wrong'
  }

/** A provider's fault is told, and is no fault of ours. */
const fails =
  (model: string): Work =>
  async ({ url }) => {
    const response = await ask(`${url()}/v1/chat/completions`, chat(`bad/${model}`, true))
    const text = await response.text()
    return response.status === 502 || response.status === 504 || text.includes('"error"') ? 'fault' : 'wrong'
  }

async function remembers({ url, ledger }: Drivers): Promise<End> {
  const sessionKey = `soak-${Math.floor(Math.random() * SESSIONS)}`
  const message = randomUUID()
  const response = await ask(`${url()}/api/chat`, { message, sessionKey })
  await response.text()
  if (response.status !== 200) return 'wrong'
  ledger.said(sessionKey, message)
  return 'ok'
}

async function delivers({ url, ledger }: Drivers): Promise<End> {
  const id = randomUUID()
  const body = JSON.stringify({ text: id })
  const signature = createHmac('sha256', HOOK_SECRET).update(body).digest('hex')
  const response = await fetch(`${url()}/hooks/soak`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-webhook-signature': signature, 'x-webhook-id': id },
    body,
    signal: AbortSignal.timeout(LIMIT_MS)
  })
  await response.text()
  if (response.status !== 200) return 'wrong'
  ledger.delivered()
  return 'ok'
}

async function vanishes({ url }: Drivers): Promise<End> {
  const controller = new AbortController()
  const gone = ask(`${url()}/v1/chat/completions`, chat('up/slow', true), controller.signal)
    .then((response) => response.text())
    .catch(() => undefined)
  await sleep(Math.random() * 200)
  controller.abort()
  await gone
  return 'fault'
}

/** A socket with some calls, of which the last one streams. */
function talks({ url }: Drivers): Promise<End> {
  const socket = new WebSocket(`${url().replace('http', 'ws')}/ws`, { headers, handshakeTimeout: LIMIT_MS })
  const { promise, resolve, reject } = Promise.withResolvers<End>()
  const timer = setTimeout(() => socket.terminate(), LIMIT_MS)
  const call = (id: number, method: string, params: object) =>
    socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
  socket.once('open', () => {
    for (let id = 1; id < 5; id++) call(id, 'system.ping', {})
    call(5, 'agent.stream', { message: 'one two three four', agentId: 'up' })
  })
  socket.on('message', (data: Buffer) => {
    const { id, error } = JSON.parse(data.toString()) as { id?: number; error?: object }
    if (error) resolve('wrong')
    else if (id === 5) resolve('ok')
    if (error || id === 5) socket.close()
  })
  socket.once('error', reject)
  socket.once('close', () => {
    clearTimeout(timer)
    reject(new Error('closed'))
  })
  return promise
}

/** All surfaces, and how often each is used, compared with the others. */
export const WORK: { name: string; weight: number; work: Work }[] = [
  { name: 'GET /health', weight: 10, work: get('/health') },
  { name: 'GET /api/agents', weight: 10, work: get('/api/agents') },
  { name: 'GET /metrics', weight: 1, work: get('/metrics') },
  { name: 'POST /api/chat, in a session', weight: 10, work: remembers },
  {
    name: 'POST /api/chat/stream',
    weight: 5,
    work: stream('/api/chat/stream', { message: 'hi', agentId: 'up' }, 'event: done')
  },
  {
    name: '/v1/chat/completions, streamed',
    weight: 8,
    work: stream('/v1/chat/completions', chat('up/words-20', true), '[DONE]')
  },
  {
    name: '/v1/chat/completions, whole',
    weight: 5,
    work: stream('/v1/chat/completions', chat('agent/up', false), '"stop"')
  },
  {
    name: '/v1/responses, streamed',
    weight: 5,
    work: stream('/v1/responses', { model: 'agent/up', input: 'hi', stream: true }, 'response.completed')
  },
  {
    name: '/v1/embeddings',
    weight: 3,
    work: stream('/v1/embeddings', { model: 'up/embed-512', input: 'some words' }, 'embedding')
  },
  { name: 'WebSocket with five calls', weight: 5, work: talks },
  { name: 'webhook', weight: 3, work: delivers },
  { name: 'upstream resets at once', weight: 1, work: fails('reset-first') },
  { name: 'upstream resets in the middle', weight: 1, work: fails('reset') },
  { name: 'upstream stalls', weight: 1, work: fails('stalled') },
  { name: 'client vanishes', weight: 2, work: vanishes }
]

const LOTS = WORK.flatMap((entry) => Array.from({ length: entry.weight }, () => entry))

export type Counts = Map<string, Record<End, number>>

/** Does one piece of work, drawn by lot, and counts what it came to. */
export async function doOne(drivers: Drivers, counts: Counts, tell: (fault: string) => void): Promise<void> {
  const { name, work } = LOTS[Math.floor(Math.random() * LOTS.length)] as (typeof WORK)[number]
  const wasDown = drivers.isDown()
  const at = drivers.url()
  let end: End
  let reason = 'an answer that is not right'
  try {
    end = await work(drivers)
  } catch (error) {
    end = 'wrong'
    const { message, cause } = error as Error
    reason = cause instanceof Error ? `${message}: ${cause.message}` : message
  }
  if (end === 'wrong' && (wasDown || drivers.isDown() || at !== drivers.url())) end = 'cut'
  if (end === 'wrong') tell(`${name}: ${reason}`)
  const counted = counts.get(name) ?? { ok: 0, fault: 0, cut: 0, wrong: 0 }
  counted[end]++
  counts.set(name, counted)
}
