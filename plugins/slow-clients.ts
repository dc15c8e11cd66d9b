import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body may take as long as it likes, as long as it comes: for uploads. */
    longBody?: boolean
  }
}

/** Slower than any line that an upload is sent over, in bytes a second. */
const LEAST_RATE = 1024

/**
 * Cuts off clients that let a body wait, whether or not someone reads it: its headers have come in time, which is the server's
 * affair, and a body that dribbles would keep the connection for as long as it likes.
 */
async function slowClients(fastify: FastifyInstance): Promise<void> {
  const { bodyMs } = fastify.comis.config.gateway.timeouts
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (hasBody(request)) bound(request.raw, bodyMs, request.routeOptions.config.longBody === true)
    done()
  })
}

/** Whether a body follows the head of a request (RFC 9112, section 6). */
export const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'

function bound(raw: IncomingMessage, bodyMs: number, isLong: boolean): void {
  const { socket } = raw
  const least = (LEAST_RATE * bodyMs) / 1000
  let seen = socket.bytesRead
  const timer = setInterval(() => {
    const isMoving = isLong && socket.bytesRead - seen >= least
    seen = socket.bytesRead
    // Where the gateway does not keep up, and so does not read, it is not the client that is slow.
    if (!isMoving && !raw.readableEnded && !isHeldBack(raw)) socket.destroy()
  }, bodyMs).unref()
  const end = () => clearInterval(timer)
  raw.once('end', end).once('close', end)
}

const isHeldBack = ({ readableLength, readableHighWaterMark }: IncomingMessage) =>
  readableLength >= readableHighWaterMark

export default fp(slowClients, { name: 'comis-slow-clients', dependencies: ['comis-services'] })
