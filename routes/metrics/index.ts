import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, metrics } = fastify.comis
  const access = config.gateway.metrics
  if (access === 'off') return
  if (access === 'token') fastify.requireScope('admin')

  fastify.get(
    '/',
    {
      config: { underPressure: true }, // it is read the most when the process is not well
      schema: {
        operationId: 'metrics',
        summary: 'Counts and gauges for Prometheus',
        tags: ['core'],
        ...(access === 'public' && { security: [] }),
        response: {
          200: {
            description: 'The text exposition format of Prometheus.',
            content: { 'text/plain': { schema: Type.String() } }
          }
        }
      }
    },
    async (_request, reply) =>
      reply
        .type(metrics.contentType)
        .serializer(String)
        .send(await metrics.read())
  )
}

export default routes
