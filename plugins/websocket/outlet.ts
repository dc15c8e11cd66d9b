import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { textFrame } from './frame.ts'

export interface OutletOptions {
  socket: WebSocket
  /** The connection below it. */
  raw: Socket
  /** A client that takes nothing for this long is given up, in milliseconds. */
  stallMs: number
  onStall(): void
}

/** Bytes that may wait to be sent before whoever has more to say is made to wait. */
export const MOST_WAITING = 65_536

/**
 * The one way out of a socket. While its client does not keep up, the socket is not read either: who does not listen
 * gives no more orders, so that what waits here stays bounded by what was asked for before.
 */
export class Outlet {
  readonly #options: OutletOptions
  readonly #listeners = new Set<() => void>()
  #room: PromiseWithResolvers<void> | undefined
  #stall: NodeJS.Timeout | undefined
  #waiting = 0
  #held = false

  constructor(options: OutletOptions) {
    this.#options = options
  }

  /** Bytes that have not left yet. */
  get pending(): number {
    return this.#options.socket.bufferedAmount
  }

  get full(): boolean {
    return this.#room !== undefined
  }

  /** @returns a promise while there is no room for more, which resolves once there is, or the socket is closed */
  send(text: string): Promise<void> | undefined {
    const { socket } = this.#options
    if (socket.readyState !== socket.OPEN) return undefined
    this.#hold()
    const over = this.#room !== undefined || socket.bufferedAmount + text.length > MOST_WAITING
    if (!over) {
      this.#write(text)
      return undefined
    }
    // What is sent last while it is over the mark tells when all of it has left.
    this.#write(text, this.#onSent)
    if (socket.bufferedAmount > MOST_WAITING) this.#fill()
    return this.#room?.promise
  }

  /** Is called whenever there is room again. @returns what ends it */
  onRoom(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Lets nobody wait any more: the socket is closed, or about to be. */
  release(): void {
    clearInterval(this.#stall)
    this.#room?.resolve()
    this.#room = undefined
  }

  /**
   * Frames are made here: `ws` hands head and text over as two pieces, which costs about as much again as to answer a call.
   * Where it compresses, as a host application's own may, it makes them itself.
   */
  #write(text: string, onSent?: () => void): void {
    const { socket, raw } = this.#options
    if (socket.extensions === '') raw.write(textFrame(text), 'latin1', onSent)
    else socket.send(text, onSent)
  }

  /** What is sent in one go, the answers to all frames of one piece that came, leaves in one write. */
  #hold(): void {
    if (this.#held) return
    this.#held = true
    this.#options.raw.cork()
    process.nextTick(this.#release)
  }

  readonly #release = (): void => {
    this.#held = false
    this.#options.raw.uncork()
  }

  readonly #onSent = (): void => {
    const { socket } = this.#options
    if (!this.#room || socket.bufferedAmount > MOST_WAITING) return
    this.release()
    socket.resume()
    for (const listener of this.#listeners) listener()
  }

  #fill(): void {
    if (this.#room) return
    const { socket, stallMs, onStall } = this.#options
    this.#room = Promise.withResolvers()
    socket.pause()
    this.#waiting = socket.bufferedAmount
    this.#stall = setInterval(() => {
      if (socket.bufferedAmount >= this.#waiting) onStall()
      this.#waiting = socket.bufferedAmount
    }, stallMs)
    this.#stall.unref()
  }
}
