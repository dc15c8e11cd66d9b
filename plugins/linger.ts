import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'

/** How much a client that was refused may still send, and for how long. */
export interface LingerLimits {
  bytes: number
  ms: number
}

/**
 * Reads what a client goes on sending and throws it away, so that it sees the answer: a connection that is closed with
 * bytes unread is reset, and a reset takes with it what the client has not read yet.
 *
 * @param from what it sends by: the body of a request, or the connection itself
 * @param socket cut off where it does not end within the limits
 * @see https://www.rfc-editor.org/rfc/rfc9112#name-tear-down
 */
export function linger(from: Readable, socket: Socket, { bytes, ms }: LingerLimits): void {
  let left = bytes
  const cutOff = () => socket.destroy()
  const timer = setTimeout(cutOff, ms).unref()
  const end = () => clearTimeout(timer)
  const count = (piece: Buffer) => {
    left -= piece.length
    if (left < 0) cutOff()
  }
  from.once('end', end).once('close', end).on('data', count).resume()
}
