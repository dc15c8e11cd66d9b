import type { IncomingHttpHeaders } from 'node:http'
import { StringDecoder } from 'node:string_decoder'
import type { Dispatcher } from 'undici'

/** How much of a body waits to be read, in bytes, before its sender has to wait. */
const MOST_WAITING = 65_536

/** How long the end of a body may take that nobody waits for any more. */
const LAST_BYTES_MS = 1000

/** An answer whose head is there. */
export interface Response {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /**
   * Reads on in its body: all that has come since the last call in one piece, since one read of a socket may bring dozens of
   * HTTP chunks. The sender waits while much of it is not taken. To be called again when it has resolved.
   * @returns text; undefined at the end
   * @throws what the connection fails with before the end
   */
  read(): Promise<string | undefined>
  /**
   * To be called by whoever reads no more. The connection of a body that is not over is closed, so that its sender
   * stops.
   * @param answered whether the body is all but over: its connection can be used again
   */
  leave(answered?: boolean): void
}

export interface ExchangeOptions {
  signal: AbortSignal
  /** Closes the connection. */
  close(reason: Error): void
  /** The answer is over, and its connection free. */
  onDone(): void
}

/** One request and its answer, as its connection tells of it. */
export class Exchange implements Dispatcher.DispatchHandler, Response {
  readonly #options: ExchangeOptions
  readonly #head = Promise.withResolvers<Response>()
  readonly #decoder = new StringDecoder('utf8')
  #controller: Dispatcher.DispatchController | undefined
  #pieces: Buffer[] = []
  #waiting = 0
  #wake: (() => void) | undefined
  #failure: Error | undefined
  #isOver = false
  #isLeft = false
  #lastBytes: NodeJS.Timeout | undefined
  status = 0
  headers: IncomingHttpHeaders = {}

  constructor(options: ExchangeOptions) {
    this.#options = options
    options.signal.addEventListener('abort', this.#abort, { once: true })
  }

  /** Resolves when the head of the answer is there. */
  get response(): Promise<Response> {
    return this.#head.promise
  }

  async read(): Promise<string | undefined> {
    while (this.#pieces.length === 0) {
      if (this.#failure) throw this.#failure
      if (this.#isOver) return undefined
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    return this.#take()
  }

  leave(answered = false): void {
    if (this.#isOver || this.#failure) return
    if (!answered) return this.#options.close(new Error('The answer is not read any more'))
    this.#isLeft = true
    this.#lastBytes = setTimeout(() => this.leave(), LAST_BYTES_MS)
    if (this.#controller?.paused) this.#controller.resume()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    controller.rawHeaders = null // they hold on to all that the first read of the socket brought
    if (status < 200) return // of interest to nobody here; the answer is still to come
    this.status = status
    this.headers = headers
    this.#head.resolve(this)
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Buffer): void {
    if (this.#isLeft) return
    this.#pieces.push(piece)
    this.#waiting += piece.length
    if (this.#waiting > MOST_WAITING) controller.pause()
    this.#wake?.()
  }

  onResponseEnd(): void {
    this.#isOver = true
    this.#end()
    this.#options.onDone()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#failure = error
    this.#head.reject(error)
    this.#end()
  }

  readonly #abort = () => this.#options.close(this.#options.signal.reason as Error)

  #end(): void {
    clearTimeout(this.#lastBytes)
    this.#options.signal.removeEventListener('abort', this.#abort)
    this.#wake?.()
  }

  #take(): string {
    // One text from the start: to be searched, one that was put together of many would have to be copied once more.
    const text = this.#decoder.write(Buffer.concat(this.#pieces, this.#waiting))
    this.#pieces = []
    this.#waiting = 0
    if (this.#controller?.paused) this.#controller.resume()
    return text
  }
}
