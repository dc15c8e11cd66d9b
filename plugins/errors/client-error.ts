import type { ConnectionError } from 'fastify'
import type { Socket } from 'node:net'

const ANSWERS: Record<string, [status: string, message: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not come in time (gateway.timeouts)'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers of the request are too large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['413 Payload Too Large', 'The chunk extensions of the body are too large']
}
const NO_HTTP: [string, string] = ['400 Bad Request', 'The request is not valid HTTP']

/** Answers what Node refuses before there is a request. Nothing is logged of it: what it has read may hold a token. */
export function answerClientError({ code }: ConnectionError, socket: Socket): void {
  if (code === 'ECONNRESET' || socket.destroyed) return
  if (socket.writable) {
    const [status, message] = ANSWERS[code] ?? NO_HTTP
    const body = JSON.stringify({ error: message })
    const head = [
      'content-type: application/json; charset=utf-8',
      `content-length: ${body.length}`,
      'connection: close'
    ]
    socket.write([`HTTP/1.1 ${status}`, ...head, '', body].join('\r\n'))
  }
  socket.destroy()
}
