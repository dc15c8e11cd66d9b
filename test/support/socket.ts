import { once } from 'node:events'
import type { Test } from 'tap'
import { type RawData, WebSocket } from 'ws'
import { bearer, SECRETS } from './gateway.ts'
import { waitUntil } from './watch.ts'

export interface Message {
  jsonrpc: string
  id?: unknown
  method?: string
  params?: Record<string, unknown>
  result?: unknown
  error?: { code: number; message: string; data?: unknown }
}

/** A client of `/ws`, by a library that was not written here. */
export interface Socket {
  ws: WebSocket
  /** All that came, in its order. */
  messages: (Message | Message[])[]
  send(message: unknown): void
  /** Calls, and resolves to the answer. */
  call(method: string, params?: object): Promise<Message>
  /** Notifications of one method that came. */
  of(method: string): Record<string, unknown>[]
  /** Resolves once so many messages came, or the condition holds. */
  until(wanted: number | (() => boolean)): Promise<void>
  /** Resolves to the code and the reason of its close. */
  closed: Promise<[code: number, reason: string]>
}

export interface ConnectOptions {
  secret?: string
  path?: string
  /** In the address and not in a header. */
  query?: string
}

export const socketUrl = (url: string, path = '/ws'): string => url.replace('http', 'ws') + path

/** Opens a WebSocket of a gateway. @throws Error with the status, when the upgrade is refused */
export async function connect(t: Test, url: string, options: ConnectOptions = {}): Promise<Socket> {
  const { secret = SECRETS.all, path = '/ws', query } = options
  const headers = query === undefined && secret !== '' ? bearer(secret) : {}
  const ws = new WebSocket(socketUrl(url, path) + (query ?? ''), { headers })
  t.teardown(() => ws.terminate())
  const messages: Socket['messages'] = []
  ws.on('message', (data: RawData) => messages.push(JSON.parse((data as Buffer).toString()) as Message))
  ws.on('error', () => {}) // told by the close, or by the wait for it to open
  const closed = new Promise<[number, string]>((resolve) =>
    ws.once('close', (code, reason) => resolve([code, reason.toString()]))
  )
  await once(ws, 'open')
  let calls = 0

  const flat = () => messages.flat()
  async function until(wanted: number | (() => boolean)): Promise<void> {
    const holds = typeof wanted === 'number' ? () => messages.length >= wanted : wanted
    const seen = () => `seen: ${JSON.stringify(messages).slice(0, 2000)}`
    await waitUntil(() => holds() || ws.readyState === ws.CLOSED, seen)
    if (!holds()) throw new Error(`The socket is closed; ${seen()}`)
  }
  const send = (message: unknown) => ws.send(typeof message === 'string' ? message : JSON.stringify(message))
  return {
    ws,
    messages,
    send,
    async call(method, params) {
      const id = `call-${++calls}`
      send({ jsonrpc: '2.0', id, method, params })
      const find = () => flat().find((message) => message.id === id)
      await until(() => find() !== undefined)
      return find() as Message
    },
    of: (method) => flat().flatMap((message) => (message.method === method ? [message.params ?? {}] : [])),
    until,
    closed
  }
}

/** Posts to `/rpc` of a gateway. */
export async function post(url: string, body: string | Uint8Array, secret: string = SECRETS.all) {
  const response = await fetch(`${url}/rpc`, {
    method: 'POST',
    headers: { ...bearer(secret), 'content-type': 'application/json' },
    body: body as string,
    signal: AbortSignal.timeout(10_000)
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: text ? (JSON.parse(text) as unknown) : undefined
  }
}

export interface Outcome {
  // oxlint-disable-next-line typescript/no-explicit-any -- of any method: the assertions look into it
  result?: any
  error?: { code: number; message: string; data?: { issues?: { path: string; message: string }[]; code?: string } }
}

/** Calls methods over HTTP. */
export const caller =
  (url: string, secret: string = SECRETS.all) =>
  async (method: string, params: object = {}): Promise<Outcome> =>
    (await post(url, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }), secret)).json as Outcome
