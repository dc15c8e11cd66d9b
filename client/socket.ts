import { backOff, type BackOffOptions } from './back-off.ts'
import { ClientError, type RpcFailure, toRpcError } from './errors.ts'
import type { Operations } from './generated.ts'
import { baseOf, type HttpOptions, inTime, send } from './http.ts'

/**
 * How the socket is: `idle` before it is needed, `waiting` until the next try, `unauthorized` when the token was
 * refused or has ended (it does not try again by itself), `closed` when this client was closed.
 */
export type SocketStatus = 'idle' | 'connecting' | 'open' | 'waiting' | 'unauthorized' | 'closed'

export interface Notification {
  method: string
  params: Record<string, unknown>
}

export interface SocketOptions extends HttpOptions {
  backOff?: BackOffOptions
}

interface Pending {
  resolve(result: unknown): void
  reject(error: unknown): void
  onNotification?(notification: Notification): void
}

interface Frame {
  id?: number | string | null
  method?: string
  params?: Record<string, unknown>
  result?: unknown
  error?: RpcFailure
}

const UNAUTHORIZED = 4001
/** As a socket's own code for a connection that ended without a word. */
const NO_TICKET = 1006
const TICKET_TIMEOUT_MS = 15_000
/** Where the server beats, silence for this long means that the connection is dead. */
const SILENCE_MS = 90_000

/**
 * One WebSocket of JSON-RPC 2.0 that is opened when it is needed and again whenever it is lost. Calls that ran when it
 * was lost fail: whether they were done is not known, so that only their caller can decide to repeat them.
 */
export class RpcConnection {
  readonly #options: SocketOptions
  readonly #pending = new Map<number, Pending>()
  readonly #statusListeners = new Set<(status: SocketStatus) => void>()
  readonly #listeners = new Set<(notification: Notification) => void>()
  #status: SocketStatus = 'idle'
  #socket: WebSocket | undefined
  /** A browser's ticket that is being taken for the next socket. */
  #connecting: AbortController | undefined
  #opening: PromiseWithResolvers<void> | undefined
  #retry: ReturnType<typeof setTimeout> | undefined
  #silence: ReturnType<typeof setTimeout> | undefined
  #tries = 0
  #lastId = 0

  constructor(options: SocketOptions) {
    this.#options = options
  }

  get status(): SocketStatus {
    return this.#status
  }

  /** @returns stops the listening */
  onStatus(listener: (status: SocketStatus) => void): () => void {
    this.#statusListeners.add(listener)
    return () => void this.#statusListeners.delete(listener)
  }

  /** Notifications of the server that belong to no call. @returns stops the listening */
  onNotification(listener: (notification: Notification) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Resolves once it is open. @throws ClientError when it cannot be any more */
  open(): Promise<void> {
    if (this.#status === 'open') return Promise.resolve()
    if (this.#status === 'closed') return Promise.reject(new ClientError('The client is closed', { reason: 'closed' }))
    this.#opening ??= newOpening()
    if (this.#status === 'idle' || this.#status === 'unauthorized') this.#connect()
    return this.#opening.promise
  }

  /**
   * Calls a method once the socket is open. When the signal fires the call is cancelled on the server as well.
   * @param onNotification gets what the server tells of this call before its result
   */
  async call(
    method: string,
    params: object,
    signal: AbortSignal,
    onNotification?: (notification: Notification) => void
  ): Promise<unknown> {
    await untilAborted(this.open(), signal)
    const id = ++this.#lastId
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#pending.set(id, { resolve, reject, onNotification })
    const cancel = () => {
      reject(signal.reason)
      this.#send({ jsonrpc: '2.0', method: 'rpc.cancel', params: { id } })
    }
    signal.addEventListener('abort', cancel)
    this.#send({ jsonrpc: '2.0', id, method, params })
    try {
      return await promise
    } finally {
      this.#pending.delete(id)
      signal.removeEventListener('abort', cancel)
    }
  }

  /** Tries at once where it waits for the next try: the network is back, say. */
  retryNow(): void {
    if (this.#status === 'waiting') this.#connect()
  }

  close(): void {
    this.#setStatus('closed')
    this.#drop(new ClientError('The client is closed', { reason: 'closed' }))
  }

  #connect(): void {
    clearTimeout(this.#retry)
    this.#setStatus('connecting')
    if (!inBrowser()) return this.#listenTo(openSocket(this.#options))
    const connecting = new AbortController()
    this.#connecting = connecting
    takeTicket(this.#options, connecting.signal).then(
      (ticket) => {
        if (!connecting.signal.aborted) this.#listenTo(openWithTicket(this.#options, ticket))
      },
      (error: unknown) => {
        if (connecting.signal.aborted) return
        const refused = error instanceof ClientError && error.reason === 'unauthorized'
        this.#lose(refused ? UNAUTHORIZED : NO_TICKET)
      }
    )
  }

  #listenTo(socket: WebSocket): void {
    this.#socket = socket
    socket.addEventListener('open', () => this.#onOpen(socket))
    socket.addEventListener('message', ({ data }) => this.#onMessage(socket, String(data)))
    socket.addEventListener('close', ({ code }) => this.#onClose(socket, code))
    // What follows is a close, which says all there is to say.
    socket.addEventListener('error', () => undefined)
  }

  /** A token that is refused is told by a close right after the opening: only what is still open then counts. */
  #onOpen(socket: WebSocket): void {
    setTimeout(() => {
      if (socket !== this.#socket || socket.readyState !== WebSocket.OPEN) return
      this.#setStatus('open')
      this.#opening?.resolve()
      this.#opening = undefined
    }, 0)
  }

  #onMessage(socket: WebSocket, text: string): void {
    if (socket !== this.#socket) return
    this.#tries = 0
    const frame = JSON.parse(text) as Frame
    if (frame.method !== undefined) return this.#onNotified({ method: frame.method, params: frame.params ?? {} })
    const call = typeof frame.id === 'number' ? this.#pending.get(frame.id) : this.#dropped()
    if (frame.error) call?.reject(toRpcError(frame.error))
    else call?.resolve(frame.result)
  }

  /** What was dropped unread, as above the rate, is answered without an id: it was the newest that is not begun. */
  #dropped(): Pending | undefined {
    return [...this.#pending.values()].at(-1)
  }

  #onNotified(notification: Notification): void {
    if (notification.method === 'heartbeat') return this.#watchSilence()
    const { id } = notification.params
    const call = notification.method.startsWith('agent.') && typeof id === 'number' ? this.#pending.get(id) : undefined
    if (call) return call.onNotification?.(notification)
    for (const listener of this.#listeners) listener(notification)
  }

  #watchSilence(): void {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => {
      this.#socket?.close()
      if (this.#socket) this.#onClose(this.#socket, 1006)
    }, SILENCE_MS)
  }

  #onClose(socket: WebSocket, code: number): void {
    if (socket === this.#socket && this.#status !== 'closed') this.#lose(code)
  }

  /** What becomes of the calls, and whether another try is made. */
  #lose(code: number): void {
    if (code === UNAUTHORIZED) {
      this.#setStatus('unauthorized')
      return this.#drop(new ClientError('Unauthorized', { reason: 'unauthorized', code }))
    }
    const waiting = this.#opening
    this.#opening = undefined
    this.#drop(new ClientError('The connection was lost', { reason: 'connection', code }))
    this.#opening = waiting
    this.#setStatus('waiting')
    this.#retry = setTimeout(() => this.#connect(), backOff(this.#tries++, this.#options.backOff ?? {}))
  }

  #drop(error: ClientError): void {
    clearTimeout(this.#retry)
    clearTimeout(this.#silence)
    this.#connecting?.abort()
    const socket = this.#socket
    this.#socket = undefined
    socket?.close()
    for (const { reject } of this.#pending.values()) reject(error)
    const opening = this.#opening
    this.#opening = undefined
    opening?.reject(error)
  }

  #send(frame: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame))
  }

  #setStatus(status: SocketStatus): void {
    if (this.#status === status) return
    this.#status = status
    for (const listener of this.#statusListeners) listener(status)
  }
}

/** Nobody may wait for it any more when it fails, which is no fault of theirs. */
function newOpening(): PromiseWithResolvers<void> {
  const opening = Promise.withResolvers<void>()
  opening.promise.catch(() => undefined)
  return opening
}

/** Rejects with the signal's reason as soon as it fires. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort)
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

const addressOf = ({ url }: HttpOptions) => `${baseOf(url).replace(/^http/, 'ws')}/ws`

/** A browser's WebSocket sends no header of ours: it has only the address to authenticate with. */
const inBrowser = () => 'window' in globalThis || !('process' in globalThis)

/** A ticket opens one connection and ends soon, where a token in an address would be kept by whoever logs it. */
function takeTicket(options: HttpOptions, ending: AbortSignal): Promise<string> {
  return inTime({ signal: ending }, TICKET_TIMEOUT_MS, async (signal) => {
    const response = await send(options, '/api/tickets', { method: 'POST', signal })
    const { ticket } = (await response.json()) as Operations['createTicket']['result']
    return ticket
  })
}

const openWithTicket = (options: HttpOptions, ticket: string) =>
  new WebSocket(`${addressOf(options)}?ticket=${encodeURIComponent(ticket)}`)

/** Node's WebSocket takes headers. */
function openSocket(options: HttpOptions): WebSocket {
  const Constructor = WebSocket as new (url: string, options: object) => WebSocket
  return new Constructor(addressOf(options), { headers: { authorization: `Bearer ${options.token}` } })
}
