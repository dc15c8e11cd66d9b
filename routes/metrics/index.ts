import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyContextConfig } from 'fastify'
import Type from 'typebox'
import { longSecret } from '../../src/access/open-keyring.ts'
import { ownKey } from '../../src/access/own-key.ts'
import type { Secret } from '../../src/config/schema.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, metrics } = fastify.comis
  const access = config.gateway.metrics
  if (access === 'off') return
  if (access !== 'public') fastify.requireScope('admin')

  fastify.get(
    '/',
    {
      config: {
        underPressure: true, // it is read the most when the process is not well
        ...(typeof access === 'object' && openedBy(access.token))
      },
      schema: {
        operationId: 'metrics',
        summary: 'Counts and gauges for Prometheus',
        tags: ['core'],
        ...(access === 'public' && { security: [] }),
        ...(typeof access === 'object' && { description: 'The token of `gateway.metrics` opens it too.' }),
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

function openedBy(token: Secret): FastifyContextConfig {
  const key = ownKey('metrics', longSecret(token, 'gateway.metrics.token'))
  return { verifyOwn: key.verify, admits: ({ principal }) => principal === key.principal }
}

export default routes
