import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { health, healthResponses } from '../../plugins/health.ts'
import { isVerbose, logRequest } from '../../plugins/logging.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  const verbose = isVerbose(fastify.log.level)
  fastify.get(
    '/',
    {
      // Whoever has a hook for the end of an answer pays for it with each: polls have a line only where all have one.
      ...(verbose && { onResponse: logRequest }),
      schema: {
        operationId: 'health',
        summary: 'Is the gateway up?',
        tags: ['core'],
        security: [],
        response: healthResponses
      }
    },
    async () => health(fastify.comis.instance)
  )
}

export default routes
