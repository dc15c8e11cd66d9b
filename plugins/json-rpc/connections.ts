import { type Close, CLOSES } from '../websocket/close.ts'
import type { Connection } from './connection.ts'
import { encodeNotification } from './message.ts'

/** All sockets of a gateway. */
export class Connections {
  readonly #all = new Set<Connection>()
  #heartbeat: NodeJS.Timeout | undefined
  #heartbeatMs = 0
  #stopping = false

  readonly #mostPushed: () => number

  /**
   * @param heartbeatMs time between two heartbeats; 0: none
   * @param mostPushed how much of what nobody asked for may wait for a socket, in bytes
   */
  constructor(heartbeatMs: number, mostPushed: () => number) {
    this.#mostPushed = mostPushed
    this.beatEvery(heartbeatMs)
  }

  /** Changes the time between two heartbeats; 0: none. */
  beatEvery(heartbeatMs: number): void {
    if (heartbeatMs === this.#heartbeatMs) return
    this.#heartbeatMs = heartbeatMs
    clearInterval(this.#heartbeat)
    if (heartbeatMs > 0) this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs).unref()
  }

  get size(): number {
    return this.#all.size
  }

  add(connection: Connection): void {
    this.#all.add(connection)
    if (this.#stopping) connection.close(CLOSES.shutdown)
  }

  remove(connection: Connection): void {
    this.#all.delete(connection)
  }

  /**
   * Sends a notification to the sockets of one client, or to all.
   * @throws RangeError for one that no socket would take
   * @returns to how many
   */
  notify(method: string, params: object, clientId?: string): number {
    const text = encodeNotification(method, params)
    if (text.length > this.#mostPushed()) throw new RangeError(`A notification is at most ${this.#mostPushed()} bytes`)
    const reached = this.#of(clientId)
    for (const connection of reached) connection.push(text)
    return reached.length
  }

  /** Closes all sockets of a client. @returns how many there were */
  close(clientId: string, close: Close): number {
    const closed = this.#of(clientId)
    for (const connection of closed) connection.close(close)
    return closed.length
  }

  /** Closes every socket once its running calls are answered, and those that are left after a time. */
  stop(graceMs: number): void {
    this.#stopping = true
    clearInterval(this.#heartbeat)
    for (const connection of this.#all) connection.closeWhenIdle(CLOSES.shutdown)
    if (this.#all.size === 0) return
    setTimeout(() => this.#all.forEach((connection) => connection.close(CLOSES.shutdown)), graceMs).unref()
  }

  #of(clientId: string | undefined): Connection[] {
    return [...this.#all].filter(({ by }) => clientId === undefined || by.clientId === clientId)
  }

  #beat(): void {
    const text = encodeNotification('heartbeat', { ts: Date.now() })
    for (const connection of this.#all) connection.beat(text)
  }
}
