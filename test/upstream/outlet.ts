import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import type { LoggedRequest } from './log.ts'
import type { Layout } from './scenarios.ts'

/**
 * The way out for one answer. Its methods wait for the socket, and reject once the client is gone. The response's
 * head goes out with the first bytes, so that who never writes never answers.
 */
export class Outlet {
  readonly #response: ServerResponse
  readonly #entry: LoggedRequest
  readonly #layout: Layout
  readonly #contentType: string
  readonly #gone = new AbortController()
  #held = Buffer.alloc(0)

  constructor(response: ServerResponse, entry: LoggedRequest, layout: Layout, contentType: string) {
    this.#response = response
    this.#entry = entry
    this.#layout = layout
    this.#contentType = contentType
    response.once('close', () => this.#gone.abort())
    response.socket?.setNoDelay(true)
  }

  async write(text: string): Promise<void> {
    if (text === '') return
    if (this.#layout === 'cut') return this.#writeCut(Buffer.from(text))
    await this.#send(this.#layout === 'crlf' ? text.replaceAll('\n', '\r\n') : text)
  }

  async end(): Promise<void> {
    if (this.#held.length > 0) await this.#send(this.#held)
    this.#head()
    this.#response.end()
  }

  async wait(ms: number): Promise<void> {
    await setTimeout(ms, undefined, { signal: this.#gone.signal })
  }

  async hang(): Promise<never> {
    const { signal } = this.#gone
    if (!signal.aborted) await once(signal, 'abort')
    throw signal.reason
  }

  reset(): void {
    this.#entry.ended = 'reset'
    this.#response.socket?.resetAndDestroy()
  }

  /** An informational response (RFC 8297) before the one that counts. */
  hint(): void {
    this.#response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' })
  }

  async #writeCut(bytes: Buffer): Promise<void> {
    const pieces = cut(Buffer.concat([this.#held, bytes]))
    // What follows the last cut joins the next write, lest a write ends where an event does.
    this.#held = pieces.pop() ?? Buffer.alloc(0)
    for (const piece of pieces) {
      await this.#send(piece)
      // Without a pause the pieces would join again on their way, before the client has read them.
      await setTimeout(1)
    }
  }

  async #send(bytes: Buffer | string): Promise<void> {
    const { signal } = this.#gone
    signal.throwIfAborted()
    this.#head()
    if (!this.#response.write(bytes)) await once(this.#response, 'drain', { signal })
  }

  #head(): void {
    if (this.#response.headersSent) return
    this.#response.writeHead(200, { 'content-type': this.#contentType, 'cache-control': 'no-cache' })
  }
}

/** Cuts inside characters, after the first letters of a `data:` line, and between the two ends of an event's lines. */
function cut(bytes: Buffer): Buffer<ArrayBuffer>[] {
  const pieces: Buffer<ArrayBuffer>[] = []
  let start = 0
  for (let at = 1; at < bytes.length; at++) {
    if (!isBadPlace(bytes, at)) continue
    pieces.push(Buffer.from(bytes.subarray(start, at)))
    start = at
  }
  pieces.push(Buffer.from(bytes.subarray(start)))
  return pieces
}

function isBadPlace(bytes: Buffer, at: number): boolean {
  const insideCharacter = ((bytes[at] ?? 0) & 0xc0) === 0x80
  const insideField = bytes.toString('latin1', at - 2, at + 3) === 'data:'
  return insideCharacter || insideField || bytes.toString('latin1', at - 1, at + 1) === '\n\n'
}
