import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  if (!fastify.comis.config.gateway.web.enabled) return

  fastify.get('/', { schema: { hide: true } }, async (_request, reply) => reply.redirect(`${fastify.prefix}/app/`, 302))
}

export default routes
