import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../../plugins/errors/schema.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.delete(
    '/',
    {
      schema: {
        operationId: 'cancelTurn',
        summary: 'Stop a running turn',
        description: 'Its request is answered with what there is, and `finishReason` `aborted`.',
        tags: ['turns'],
        params: Type.Object({ id: Type.String({ description: 'As in the header `x-turn-id` of the answer.' }) }),
        response: { 204: Type.Null({ description: 'It is being stopped.' }), ...failureResponses('/api', 404, 429) }
      }
    },
    async (request, reply) => {
      fastify.comis.turns.cancel(request.params.id, request.client)
      return reply.code(204).send(null)
    }
  )
}

export default routes
