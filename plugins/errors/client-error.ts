import type { ConnectionError } from 'fastify'
import type { Socket } from 'node:net'
import { linger, type LingerLimits } from '../linger.ts'

const ANSWERS: Record<string, [status: string, message: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not come in time (gateway.timeouts)'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers of the request are too large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['413 Payload Too Large', 'The chunk extensions of the body are too large']
}
const NO_HTTP: [string, string] = ['400 Bad Request', 'The request is not valid HTTP']

/** Short: what comes here may be a client that is slow on purpose. */
const LIMITS: LingerLimits = { ms: 1000, bytes: 1_048_576 }

/** Answers what Node refuses before there is a request. Nothing is logged of it: what it has read may hold a token. */
export function answerClientError({ code }: ConnectionError, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const [status, message] = ANSWERS[code] ?? NO_HTTP
  const body = JSON.stringify({ error: message })
  const head = ['content-type: application/json; charset=utf-8', `content-length: ${body.length}`, 'connection: close']
  socket.end([`HTTP/1.1 ${status}`, ...head, '', body].join('\r\n'))
  // Node's parser hears no more of it: a request that was refused as too slow must not be served once it is whole.
  socket.removeAllListeners('data').once('end', () => socket.destroy())
  linger(socket, socket, LIMITS)
}
