import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Follows the connections that have not brought a request yet, such as those a browser opens ahead of need. A server
 * that closes ends idle connections, but counts these as busy and would wait for them until their time-out.
 * @returns ends those that there are
 */
export function followUnusedConnections(server: Server): () => void {
  const unused = new Set<Socket>()
  server.on('connection', (socket) => {
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  server.on('request', (request) => unused.delete(request.socket))
  return () => unused.forEach((socket) => socket.destroy())
}
