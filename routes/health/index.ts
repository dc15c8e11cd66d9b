import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Health, health } from '../../plugins/health.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get(
    '/',
    {
      config: { limited: false },
      schema: {
        operationId: 'health',
        summary: 'Is the gateway up?',
        tags: ['core'],
        security: [],
        response: { 200: Health }
      }
    },
    async () => health(fastify.comis.instance)
  )
}

export default routes
