import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { health, healthResponses } from '../../../plugins/health.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get(
    '/',
    {
      config: { limited: false, public: true },
      schema: {
        operationId: 'apiHealth',
        summary: 'Is the API up?',
        tags: ['core'],
        security: [],
        response: healthResponses
      }
    },
    async () => health(fastify.comis.instance)
  )
}

export default routes
