import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/** Works off what webhooks brought, once all that a host application registers is there. */
async function webhooks(fastify: FastifyInstance): Promise<void> {
  const { webhooks } = fastify.comis
  fastify.addHook('onReady', async () => webhooks.start())
}

export default fp(webhooks, { name: 'comis-webhooks', dependencies: ['comis-services'] })
