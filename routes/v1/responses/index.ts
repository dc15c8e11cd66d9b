import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import websocket from '../../../plugins/websocket/index.ts'
import { failureResponses } from '../../../plugins/errors/schema.ts'
import { ResponseAnswer } from '../../../plugins/openai/responses/documents.ts'
import { ResponseBody } from '../../../plugins/openai/responses/schema.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.post(
    '/',
    {
      schema: {
        operationId: 'createResponse',
        summary: 'Create a response',
        tags: ['openai'],
        body: ResponseBody,
        response: { 200: ResponseAnswer, ...failureResponses('/v1', 400, 404, 409, 413, 415, 429, 502, 503, 504, 507) }
      }
    },
    ({ body }, reply) => reply.createResponse(body)
  )

  await fastify.register(async (scope) => {
    await scope.register(websocket, { maxPayload: scope.comis.config.gateway.httpBodyLimitBytes })
    scope.route({
      method: 'GET',
      url: '/',
      exposeHeadRoute: false,
      schema: { hide: true },
      handler: async (_request, reply) => {
        reply.header('upgrade', 'websocket')
        throw scope.httpErrors.upgradeRequired('Upgrade Required: this is a WebSocket')
      },
      wsHandler: (socket, request) => scope.acceptResponses(socket, request)
    })
  })
}

export default routes
