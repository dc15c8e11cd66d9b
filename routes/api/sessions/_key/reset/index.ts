import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../../../plugins/errors/schema.ts'
import { KeyParams, OwnerQuery, sessionOf } from '../../../../../plugins/sessions/request.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.post(
    '/',
    {
      schema: {
        operationId: 'resetSession',
        summary: 'Start a new conversation in a session',
        description: 'With its next message. What was said can still be read. Waits for the turns that run in it.',
        tags: ['sessions'],
        params: KeyParams,
        querystring: OwnerQuery,
        response: {
          200: Type.Object({ reset: Type.Literal(true) }, { description: 'It is done.' }),
          ...failureResponses('/api', 404, 429, 503, 507)
        }
      }
    },
    async (request, reply) => {
      await fastify.comis.sessions.reset(sessionOf(request), request.client, reply.leaving())
      return { reset: true as const }
    }
  )
}

export default routes
