import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const HEAD_END = '\r\n\r\n'
const LIMIT_MS = 10_000

/**
 * A client's end of a WebSocket, as little of it as is needed: a client that unpacks each frame costs about as much as the
 * server that packed it. What comes after the upgrade is handed over as bytes, valid until the next piece comes.
 */
export class Peer {
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  static async open(port: number, token: string, take: (bytes: Buffer) => void): Promise<Peer> {
    let head = ''
    let open = false
    const { promise: upgraded, resolve } = Promise.withResolvers<void>()
    const callback = (count: number, buffer: Uint8Array): boolean => {
      const bytes = (buffer as Buffer).subarray(0, count)
      if (open) take(bytes)
      else {
        head += bytes.toString('latin1')
        open = head.endsWith(HEAD_END)
        if (open) resolve()
      }
      return true
    }
    const socket = connect({ port, host: '127.0.0.1', onread: { buffer: SHARED, callback } })
    socket.setNoDelay(true)
    socket.on('error', fail).on('close', () => fail(new Error(`the server closed a socket: ${head}`)))
    await once(socket, 'connect')
    socket.write([...UPGRADE, `authorization: Bearer ${token}`, '', ''].join('\r\n'))
    const timer = setTimeout(() => fail(new Error(`not upgraded: ${head}`)), LIMIT_MS)
    await upgraded
    clearTimeout(timer)
    if (!head.startsWith('HTTP/1.1 101 ')) fail(new Error(`not upgraded: ${head}`))
    return new Peer(socket)
  }

  write(frames: Buffer): void {
    this.#socket.write(frames)
  }

  leave(): void {
    this.#socket.removeAllListeners('close').destroy()
  }
}

const SHARED = Buffer.alloc(65_536)
const UPGRADE = [
  'GET /ws HTTP/1.1',
  'host: 127.0.0.1',
  'connection: Upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA=='
]

/** A text as a client's frame (RFC 6455, section 5.2), of fewer than 65,536 bytes; its mask changes nothing. */
export function frame(message: object): Buffer {
  const text = Buffer.from(JSON.stringify(message))
  const size = text.length < 126 ? [0x80 | text.length] : [0x80 | 126, text.length >> 8, text.length & 255]
  return Buffer.concat([Buffer.from([0x81, ...size, 0, 0, 0, 0]), text])
}

/** The texts of a server's frames, each of fewer than 65,536 bytes and whole; what is left waits for more. */
export function unframe(bytes: Buffer): { texts: string[]; rest: Buffer } {
  const texts: string[] = []
  let at = 0
  while (bytes.length - at >= 4) {
    const short = bytes.readUInt8(at + 1)
    const start = short < 126 ? at + 2 : at + 4
    const end = start + (short < 126 ? short : bytes.readUInt16BE(at + 2))
    if (end > bytes.length) break
    texts.push(bytes.toString('utf8', start, end))
    at = end
  }
  return { texts, rest: Buffer.from(bytes.subarray(at)) }
}

export function fail(error: Error): never {
  console.error(error)
  process.exit(1)
}
