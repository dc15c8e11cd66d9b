import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { Principal } from '../../src/access/principal.ts'
import { GatewayError } from '../../src/errors.ts'
import type { Services } from '../../src/services.ts'
import { type Close, CLOSES, closeSocket } from '../websocket/close.ts'
import { Outlet } from '../websocket/outlet.ts'
import { MessageLimit } from '../websocket/window.ts'
import type { Call, RpcClient } from './call.ts'
import type { Answer, Dispatcher } from './dispatch.ts'
import { invalidRequest, parseError, rateLimited } from './errors.ts'
import { encodeError, encodeNotification, type RpcId } from './message.ts'
import type { RpcSocket } from './method.ts'
import { SocketSubscriptions } from './subscriptions.ts'

export interface ConnectionOptions {
  socket: WebSocket
  /** The connection below it. */
  raw: Socket
  by: Principal
  /** Where it comes from. */
  address: string
  services: Services
  dispatcher: Dispatcher
}

/** Calls of one socket that may run at the same time. */
const MOST_RUNNING = 256
/** Messages that are begun in one go. */
const MOST_AT_ONCE = 32
const RATE_LIMITED = encodeError(null, rateLimited())

/** A client of `/ws`: what it sends is answered, and what it does not read is bounded. */
export class Connection implements RpcClient, RpcSocket {
  readonly by: Principal
  readonly address: string
  readonly services: Services
  readonly #socket: WebSocket
  readonly #dispatcher: Dispatcher
  readonly #outlet: Outlet
  readonly #limit: MessageLimit
  /** Messages that wait for their turn. */
  readonly #held: [data: Buffer, isBinary: boolean][] = []
  #burst = 0
  readonly #mostBytes: number
  readonly #mostPushed: number
  /** By their ids; notifications, which have none, by themselves. */
  readonly #running = new Map<unknown, Call>()
  #subscriptions: SocketSubscriptions | undefined
  #leaving: AbortController | undefined
  #gone = false
  #closeWhenIdle: Close | undefined

  constructor({ socket, raw, by, address, services, dispatcher }: ConnectionOptions) {
    const { wsMaxMessageBytes, stallMs, events } = services.config.gateway
    this.by = by
    this.address = address
    this.services = services
    this.#socket = socket
    this.#dispatcher = dispatcher
    this.#outlet = new Outlet({ socket, raw, stallMs, onStall: () => this.close(CLOSES.slow) })
    this.#limit = new MessageLimit(() => services.config.gateway.wsMessageRateLimit)
    this.#mostBytes = wsMaxMessageBytes
    this.#mostPushed = events.readerBufferBytes
    socket.on('message', (data: Buffer, isBinary) => this.#receive(data, isBinary))
    socket.once('close', () => this.#leave())
  }

  get socket(): RpcSocket {
    return this
  }

  get leaving(): AbortSignal {
    this.#leaving ??= new AbortController()
    if (this.#gone) this.#leaving.abort(hasLeft())
    return this.#leaving.signal
  }

  get gone(): boolean {
    return this.#gone
  }

  get full(): boolean {
    return this.#running.size >= MOST_RUNNING
  }

  get subscriptions(): SocketSubscriptions {
    const { events } = this.services
    const onBehind = () => this.close(CLOSES.slow)
    return (this.#subscriptions ??= new SocketSubscriptions({ events, by: this.by, outlet: this.#outlet, onBehind }))
  }

  isRunning(id: RpcId | undefined): boolean {
    return id !== undefined && id !== null && this.#running.has(id)
  }

  follow(call: Call, outcome: Promise<unknown>): void {
    const key = call.id ?? call
    this.#running.set(key, call)
    void outcome.then(() => {
      this.#running.delete(key)
      if (this.#closeWhenIdle) setImmediate(() => this.#closeIfIdle()) // its answer is sent in between
    })
  }

  cancel(id: RpcId): boolean {
    const call = this.#running.get(id)
    call?.cancel()
    return call !== undefined
  }

  notify(method: string, params: object): Promise<void> | undefined {
    return this.#outlet.send(encodeNotification(method, params))
  }

  /** Sends what nobody waits for. A client that does not take it is closed, at a bound. */
  push(notification: string): void {
    if (this.#outlet.pending + notification.length > this.#mostPushed) this.close(CLOSES.slow)
    else void this.#outlet.send(notification)
  }

  /** Tells the client that the gateway is there. One that is behind has other things to read. */
  beat(notification: string): void {
    if (!this.#outlet.full) void this.#outlet.send(notification)
  }

  /** Closes once the calls that run have been answered. */
  closeWhenIdle(close: Close): void {
    this.#closeWhenIdle = close
    this.#closeIfIdle()
  }

  /** Closes, and cuts off a client that does not answer that. What runs for it is aborted. */
  close({ code, reason }: Close): void {
    this.#leave()
    closeSocket(this.#socket, { code, reason })
  }

  #closeIfIdle(): void {
    if (this.#closeWhenIdle && this.#running.size === 0) this.close(this.#closeWhenIdle)
  }

  /**
   * What comes in one piece is begun a few messages at a time, and not while its answers have no room: however much is asked
   * for at once, so much is answered as is read.
   */
  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#gone) return
    if (this.#held.length === 0 && this.#burst < MOST_AT_ONCE && !this.#outlet.full) this.#take(data, isBinary)
    else if (this.#held.push([data, isBinary]) === 1) setImmediate(() => this.#takeHeld())
  }

  #takeHeld(): void {
    if (this.#gone) this.#held.length = 0
    while (this.#held.length > 0 && this.#burst < MOST_AT_ONCE && !this.#outlet.full) {
      const next = this.#held.shift()
      if (next) this.#take(...next)
    }
    if (this.#held.length === 0) return
    if (!this.#outlet.full) return void setImmediate(() => this.#takeHeld())
    const end = this.#outlet.onRoom(() => {
      end()
      this.#takeHeld()
    })
  }

  #take(data: Buffer, isBinary: boolean): void {
    if (this.#burst++ === 0) queueMicrotask(this.#endBurst)
    const answer = this.#answer(data, isBinary)
    if (answer instanceof Promise) void answer.then((text) => this.#send(text))
    else this.#send(answer)
  }

  readonly #endBurst = (): void => {
    this.#burst = 0
  }

  #send(text: string | undefined): void {
    if (text !== undefined) void this.#outlet.send(text)
  }

  #answer(data: Buffer, isBinary: boolean): Answer {
    if (!this.#limit.admits()) return this.#refuseRate()
    if (isBinary) return encodeError(null, parseError())
    if (data.length > this.#mostBytes) {
      const refusal = `Message size ${data.length} bytes exceeds maximum of ${this.#mostBytes}`
      return encodeError(null, invalidRequest(refusal))
    }
    return this.#dispatcher.answer(data.toString(), this)
  }

  #refuseRate(): string {
    this.services.refusals.tell({
      reason: 'rate_limited',
      clientId: this.by.clientId,
      address: this.address,
      path: '/ws'
    })
    return RATE_LIMITED
  }

  #leave(): void {
    if (this.#gone) return
    this.#gone = true
    this.#leaving?.abort(hasLeft())
    this.#subscriptions?.removeAll()
    this.#outlet.release()
  }
}

const hasLeft = () => new GatewayError('aborted', 'The client has left')
