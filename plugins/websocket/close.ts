import type { WebSocket } from 'ws'

export interface Close {
  code: number
  reason: string
}

/** Why the gateway closes a socket, as its client is told (RFC 6455, section 7.4, and 4001 of our own). */
export const CLOSES = {
  shutdown: { code: 1001, reason: 'Server shutting down' },
  slow: { code: 1013, reason: 'Too slow' },
  unauthorized: { code: 4001, reason: 'Unauthorized' }
} as const satisfies Record<string, Close>

/** How long a client is given to take what was sent and to answer the close. */
const CLOSE_MS = 2000

/** Closes a socket; one that does not answer that in time is cut off. */
export function closeSocket(socket: WebSocket, { code, reason }: Close): void {
  if (socket.isPaused) socket.resume() // the client's answer is to be read
  socket.close(code, reason)
  const timer = setTimeout(() => socket.terminate(), CLOSE_MS).unref()
  socket.once('close', () => clearTimeout(timer))
}
