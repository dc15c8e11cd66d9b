import { type BackOffOptions } from './back-off.ts'
import { type ChatEvent, type ChatRequest, readChat } from './chat.ts'
import { type RpcFailure, toRpcError } from './errors.ts'
import { type EventsOptions, type Gap, type GatewayEvent, readEvents } from './events.ts'
import type { Methods } from './generated.ts'
import {
  type CallOptions,
  inTime,
  type OperationName,
  type RestInput,
  type RestResult,
  send,
  toRequest
} from './http.ts'
import { type Notification, RpcConnection, type SocketStatus } from './socket.ts'

export interface ClientOptions {
  /** Where the gateway is, with the prefix of its host: `http://127.0.0.1:4766`, `https://example.org/ai`. */
  url: string | URL
  /** The secret of a token. */
  token: string
  /** How long an answer may take, in milliseconds; a call can say otherwise. Default 60,000. Streams have no such end. */
  timeoutMs?: number
  /** How long the socket waits before it tries again. */
  backOff?: BackOffOptions
}

export type MethodName = keyof Methods
export type Params<M extends MethodName> = Methods[M]['params']
export type Result<M extends MethodName> = Methods[M]['result']
/** Params that may all be left out may be left out as a whole. */
type Given<P> = object extends P ? [params?: P, options?: CallOptions] : [params: P, options?: CallOptions]
type RestGiven<I> = object extends I ? [input?: I, options?: CallOptions] : [input: I, options?: CallOptions]

/** A call of a batch. */
export type BatchCall = { [M in MethodName]: { method: M; params: Params<M> } }[MethodName]
type BatchResults<C extends readonly BatchCall[]> = { -readonly [K in keyof C]: Result<C[K]['method']> }

interface Answer {
  result?: unknown
  error?: RpcFailure
}

/** What `POST /media` answers. */
export interface Upload {
  id: string
  url: string
  contentType: string
  size: number
  expiresAt: number
}

const USUAL_TIMEOUT_MS = 60_000

/**
 * A client of one gateway. It opens its WebSocket when a method is called or events are read, and opens it again
 * whenever it is lost. Close it when it is not needed any more.
 */
export class GatewayClient {
  readonly #options: ClientOptions
  readonly #connection: RpcConnection

  constructor(options: ClientOptions) {
    this.#options = options
    this.#connection = new RpcConnection(options)
  }

  /** How the WebSocket is. */
  get status(): SocketStatus {
    return this.#connection.status
  }

  /** @returns stops the listening */
  onStatus(listener: (status: SocketStatus) => void): () => void {
    return this.#connection.onStatus(listener)
  }

  /** Calls a method over the WebSocket. @throws ClientError */
  async call<M extends MethodName>(method: M, ...[params, options]: Given<Params<M>>): Promise<Result<M>> {
    return this.#call(method, params ?? {}, options ?? {})
  }

  /**
   * The same for methods whose names are only known at run time.
   * @param onNotification gets what the server tells of this call before its result, as `agent.delta`
   */
  async callAny(
    method: string,
    params: object = {},
    options: CallOptions & { onNotification?(notification: Notification): void } = {}
  ): Promise<unknown> {
    return this.#call(method, params, options, options.onNotification)
  }

  /** Calls a method over `POST /rpc`: one request, and no WebSocket. @throws ClientError */
  async rpc<M extends MethodName>(method: M, ...[params = {}, options = {}]: Given<Params<M>>): Promise<Result<M>> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    return inTime(options, this.#timeoutMs, async (signal) => {
      const response = await send(this.#options, '/rpc', { method: 'POST', body, type: 'application/json', signal })
      const answer = (await response.json()) as { result: Result<M>; error?: RpcFailure }
      if (answer.error) throw toRpcError(answer.error)
      return answer.result
    })
  }

  /**
   * Calls several methods in one request, which is done in its order; at most `gateway.maxBatchSize`.
   * @returns their results, in this order
   * @throws ClientError the first failure
   */
  async batch<const C extends readonly BatchCall[]>(calls: C, options: CallOptions = {}): Promise<BatchResults<C>> {
    const body = JSON.stringify(calls.map((call, id) => ({ jsonrpc: '2.0', id, ...call })))
    return inTime(options, this.#timeoutMs, async (signal) => {
      const response = await send(this.#options, '/rpc', { method: 'POST', body, type: 'application/json', signal })
      const told = (await response.json()) as Answer[] | Answer
      const answers = Array.isArray(told) ? told : [told]
      const failed = answers.find(({ error }) => error)?.error
      if (failed) throw toRpcError(failed)
      return answers.map(({ result }) => result) as BatchResults<C>
    })
  }

  /** Calls a REST operation by its `operationId` in `/openapi.json`. @throws ClientError */
  async rest<N extends OperationName>(name: N, ...[input, options]: RestGiven<RestInput<N>>): Promise<RestResult<N>> {
    const { path, send: init } = toRequest(name, input ?? ({} as RestInput<N>))
    return inTime(options ?? {}, this.#timeoutMs, async (signal) => {
      const response = await send(this.#options, path, { ...init, signal })
      if (response.status === 204) return null as RestResult<N>
      const isJson = response.headers.get('content-type')?.startsWith('application/json')
      return (await (isJson ? response.json() : response.text())) as RestResult<N>
    })
  }

  /**
   * Asks an agent and reads its answer as it comes. Whoever stops reading, by `break` or by the signal, stops the turn.
   * @throws ClientError where the turn fails, or the connection is lost before its end
   */
  chat(request: ChatRequest, { signal }: { signal?: AbortSignal } = {}): AsyncGenerator<ChatEvent> {
    return readChat(this.#options, request, signal)
  }

  /** The text of an answer alone, piece by piece. */
  async *chatText(request: ChatRequest, options: { signal?: AbortSignal } = {}): AsyncGenerator<string> {
    for await (const event of this.chat(request, options)) if (event.type === 'text') yield event.delta
  }

  /**
   * Reads what happens, until the loop is left or the signal fires. A lost connection is resumed from the last event:
   * none is missed, none comes twice. What cannot be had any more is told by an event `gap`.
   * @throws ClientError `unauthorized` when the token has ended
   */
  events(options: EventsOptions = {}): AsyncGenerator<GatewayEvent | Gap> {
    return readEvents(this.#connection, options)
  }

  /** Keeps a file in the gateway's media. @throws ClientError, `invalid` where it is too large */
  async upload(file: Blob | ReadableStream<Uint8Array>, type: string, options: CallOptions = {}): Promise<Upload> {
    return inTime(options, this.#timeoutMs, async (signal) => {
      const response = await send(this.#options, '/media', { method: 'POST', body: file, type, signal })
      return (await response.json()) as Upload
    })
  }

  /** A file of the gateway's media. @throws ClientError `not_found`, also when it has expired */
  async download(id: string, options: CallOptions = {}): Promise<Blob> {
    return inTime(options, this.#timeoutMs, async (signal) => {
      const response = await send(this.#options, `/media/${encodeURIComponent(id)}`, { method: 'GET', signal })
      return response.blob()
    })
  }

  /** Tries to connect at once where the socket waits for its next try. */
  retryNow(): void {
    this.#connection.retryNow()
  }

  /** Closes the WebSocket; calls that run and streams of events end with the error `closed`. */
  close(): void {
    this.#connection.close()
  }

  get #timeoutMs(): number {
    return this.#options.timeoutMs ?? USUAL_TIMEOUT_MS
  }

  async #call<R>(
    method: string,
    params: object,
    options: CallOptions,
    onNotification?: (notification: Notification) => void
  ): Promise<R> {
    const answer = inTime(options, this.#timeoutMs, (signal) =>
      this.#connection.call(method, params, signal, onNotification)
    )
    return (await answer) as R
  }
}
