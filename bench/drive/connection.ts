import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A stream that was read to its end. */
export interface Answer {
  /** From the request to the first byte of the body, in milliseconds. */
  firstByteMs: number
  /** The body. */
  events: string
}

interface Asked {
  at: number
  resolve(answer: Answer): void
  reject(error: Error): void
}

const LIMIT_MS = 10_000
const HEAD_END = '\r\n\r\n'
const LAST_CHUNK = '\r\n0\r\n\r\n'

/**
 * A keep-alive connection that asks for one stream at a time. It keeps what comes and looks at it once, at the end:
 * an HTTP client that hands on each chunk costs about as much as the server that wrote it.
 */
export class Connection {
  readonly #socket: Socket
  #asked: Asked | undefined
  #begun: (() => void) | undefined
  #pieces: Buffer[] = []
  #tail = ''
  #firstByteMs: number | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.setTimeout(LIMIT_MS, () => this.#fail(new Error(`a stream was silent for ${LIMIT_MS} ms`)))
    socket.on('data', (piece: Buffer) => this.#take(piece))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the server closed a connection in the middle of a stream')))
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new Connection(socket)
  }

  ask(request: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Error('the server closed a connection'))
      this.#asked = { at: performance.now(), resolve, reject }
      this.#socket.write(request)
    })
  }

  /** Asks, and resolves at the first byte of the body. */
  begin(request: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#begun = resolve
      this.ask(request).catch(reject)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(piece: Buffer): void {
    const asked = this.#asked
    if (!asked) return
    this.#pieces.push(piece)
    if (this.#firstByteMs === undefined && this.#bodyBegan()) {
      this.#firstByteMs = performance.now() - asked.at
      this.#begun?.()
    }
    // What ends the body may be spread over several pieces.
    const end = piece.toString('latin1', Math.max(0, piece.length - LAST_CHUNK.length))
    this.#tail = (this.#tail + end).slice(-LAST_CHUNK.length)
    if (this.#tail === LAST_CHUNK) this.#finish(asked)
  }

  #bodyBegan(): boolean {
    const bytes = this.#received()
    const headEnd = bytes.indexOf(HEAD_END)
    if (headEnd === -1) return false
    const head = bytes.toString('latin1', 0, headEnd)
    if (!head.startsWith('HTTP/1.1 200 ') || !/^transfer-encoding: chunked$/im.test(head)) {
      this.#fail(new Error(`expected a stream, got ${bytes.toString()}`))
    }
    return bytes.length > headEnd + HEAD_END.length
  }

  #received(): Buffer {
    const [first] = this.#pieces
    return first && this.#pieces.length === 1 ? first : Buffer.concat(this.#pieces)
  }

  #finish({ resolve }: Asked): void {
    const text = this.#received().toString('latin1')
    const answer = { firstByteMs: this.#firstByteMs ?? 0, events: unchunked(text) }
    this.#asked = undefined
    this.#pieces = []
    this.#tail = ''
    this.#firstByteMs = undefined
    resolve(answer)
  }

  #fail(error: Error): void {
    this.#asked?.reject(error)
    this.#asked = undefined
    this.#socket.destroy()
  }
}

/** The body of a response in chunks (RFC 9112, section 7.1). */
function unchunked(response: string): string {
  let body = ''
  let at = response.indexOf(HEAD_END) + HEAD_END.length
  for (;;) {
    const lineEnd = response.indexOf('\r\n', at)
    const size = Number.parseInt(response.slice(at, lineEnd), 16)
    if (!(size > 0)) return body
    body += response.slice(lineEnd + 2, lineEnd + 2 + size)
    at = lineEnd + 2 + size + 2
  }
}
