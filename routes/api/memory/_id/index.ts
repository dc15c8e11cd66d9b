import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../../plugins/errors/schema.ts'
import { GatewayError } from '../../../../src/errors.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.delete(
    '/',
    {
      config: { scopes: ['admin'] },
      schema: {
        operationId: 'forgetMemory',
        summary: 'Forget an entry',
        tags: ['memory'],
        params: Type.Object({ id: Type.String() }),
        response: { 204: Type.Null({ description: 'It is forgotten.' }), ...failureResponses('/api', 404, 429, 507) }
      }
    },
    async ({ params }, reply) => {
      const removed = await fastify.comis.memory.remove([params.id])
      if (removed === 0) throw new GatewayError('not_found', 'There is no such entry')
      return reply.code(204).send(null)
    }
  )
}

export default routes
