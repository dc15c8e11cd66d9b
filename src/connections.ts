import type { Server } from 'node:http'
import type { Socket } from 'node:net'

const LOOK_AGAIN_MS = 50
/** Emitted by a socket that has become a WebSocket: whoever took it closes it. */
export const UPGRADED = 'upgraded'

/**
 * Ends a server's connections as they come free, once it closes. Node ends those that are idle at that moment; it waits
 * for those whose last answer is still on its way, and for those that have not brought a request yet, such as a
 * browser opens ahead of need, until their time-outs.
 * @returns starts ending them; it stops by itself when the server is closed
 */
export function followConnections(server: Server): () => void {
  const unused = new Set<Socket>()
  server.on('connection', (socket) => {
    unused.add(socket)
    socket.once('close', () => unused.delete(socket)).once(UPGRADED, () => unused.delete(socket))
  })
  server.on('request', (request) => unused.delete(request.socket))

  function endFree(): void {
    for (const socket of unused) socket.destroy()
    server.closeIdleConnections()
  }

  return () => {
    endFree()
    const timer = setInterval(endFree, LOOK_AGAIN_MS).unref()
    server.once('close', () => clearInterval(timer))
  }
}
