import type { IncomingMessage, ServerResponse } from 'node:http'
import { errorCodes, type FastifyInstance, type FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { hasBody } from './slow-clients.ts'

export interface UnreadBodiesOptions {
  /** The server is the gateway's own: in a host application Node itself asks for every body. */
  isOwnServer: boolean
}

/** How much a client whose body was refused may still send, and for how long: one that is cut off at once may not see why. */
const LINGER_MS = 5000
const LINGER_BYTES = 67_108_864

/**
 * What becomes of bodies that nobody reads to their end. A client that asks first, by `Expect: 100-continue`, is refused in
 * place of being told to go on; of any other the rest is read and thrown away for a while, so that it sees the answer.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-expect
 * @see https://www.rfc-editor.org/rfc/rfc9112#name-tear-down
 */
async function unreadBodies(fastify: FastifyInstance, { isOwnServer }: UnreadBodiesOptions): Promise<void> {
  fastify.addHook('onResponse', (request, _reply, done) => {
    if (!request.raw.readableEnded && hasBody(request)) readOut(request.raw)
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

function readOut(raw: IncomingMessage): void {
  let left = LINGER_BYTES
  const cutOff = () => raw.socket.destroy()
  const timer = setTimeout(cutOff, LINGER_MS).unref()
  const end = () => clearTimeout(timer)
  const count = (piece: Buffer) => {
    left -= piece.length
    if (left < 0) cutOff()
  }
  raw.once('end', end).once('close', end).unpipe().on('data', count).resume()
}

export default fp(unreadBodies, { name: 'comis-unread-bodies', dependencies: ['comis-slow-clients'] })
