import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { health, healthResponses, readyResponses } from '../../plugins/health.ts'
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

  fastify.get(
    '/ready',
    {
      ...(verbose && { onResponse: logRequest }),
      schema: {
        operationId: 'ready',
        summary: 'Is the gateway to be sent requests?',
        description: 'For load balancers: it turns 503 before the gateway stops. Answers within a second or so.',
        tags: ['core'],
        security: [],
        response: readyResponses
      }
    },
    async (_request, reply) => {
      const reasons = await fastify.comis.readiness.reasons()
      if (reasons.length === 0) return { status: 'ready' as const }
      return reply.code(503).send({ status: 'not_ready' as const, reasons })
    }
  )
}

export default routes
