import type { IncomingMessage, ServerResponse } from 'node:http'
import { errorCodes, type FastifyInstance, type FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { linger, type LingerLimits } from './linger.ts'
import { hasBody } from './slow-clients.ts'

export interface UnreadBodiesOptions {
  /** The server is the gateway's own: in a host application Node itself asks for every body. */
  isOwnServer: boolean
}

const LIMITS: LingerLimits = { ms: 5000, bytes: 67_108_864 }

/**
 * What becomes of bodies that nobody reads to their end. A client that asks first, by `Expect: 100-continue`, is refused in
 * place of being told to go on; of any other the rest is read and thrown away for a while, so that it sees the answer.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-expect
 */
async function unreadBodies(fastify: FastifyInstance, { isOwnServer }: UnreadBodiesOptions): Promise<void> {
  fastify.addHook('onResponse', (request, _reply, done) => {
    const { raw } = request
    if (!raw.readableEnded && hasBody(request)) linger(raw.unpipe(), raw.socket, LIMITS)
    done()
  })
  if (!isOwnServer) return

  const { server } = fastify
  const route = (request: IncomingMessage, response: ServerResponse) => void server.emit('request', request, response)
  server.on('checkContinue', route)
  fastify.addHook('onClose', async () => void server.off('checkContinue', route))
  fastify.addHook('preParsing', (request, reply, payload, done) => {
    if (request.headers.expect === undefined) return done(null, payload)
    if (isTooLarge(request)) return done(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE())
    reply.raw.writeContinue()
    done(null, payload)
  })
}

/** Where bodies are streams, whoever takes them has looked already. */
function isTooLarge({ headers, routeOptions: { bodyLimit, config } }: FastifyRequest): boolean {
  return !config.longBody && Number(headers['content-length'] ?? 0) > (bodyLimit ?? Infinity)
}

export default fp(unreadBodies, { name: 'comis-unread-bodies', dependencies: ['comis-slow-clients'] })
