import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { failureResponses } from '../../../../plugins/errors/schema.ts'
import { Stats } from '../../../../plugins/memory/schema.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get(
    '/',
    {
      schema: {
        operationId: 'memoryStats',
        summary: 'How much is remembered',
        tags: ['memory'],
        response: { 200: Stats, ...failureResponses('/api', 429) }
      }
    },
    async () => ({ stats: await fastify.comis.memory.stats() })
  )
}

export default routes
