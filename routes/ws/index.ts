import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import websocket from '../../plugins/websocket/index.ts'

/** A message somewhat too large is answered; one that is far too large is not even read. */
const FAR_TOO_LARGE = 4

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  const { wsMaxMessageBytes } = fastify.comis.config.gateway
  await fastify.register(websocket, { maxPayload: wsMaxMessageBytes * FAR_TOO_LARGE })
  // Browsers do not tell their pages why an upgrade was refused: a wrong token is told by the code of a close.
  fastify.requireScope('rpc', 'admin')

  fastify.route({
    method: 'GET',
    url: '/',
    config: { queryToken: true, refusesOpened: true },
    exposeHeadRoute: false,
    schema: { hide: true },
    handler: async (_request, reply) => {
      reply.header('upgrade', 'websocket')
      throw fastify.httpErrors.upgradeRequired('Upgrade Required: this is a WebSocket')
    },
    wsHandler: (socket, request) => fastify.rpc.accept(socket, request)
  })
}

export default routes
