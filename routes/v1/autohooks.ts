import type { FastifyPluginAsync } from 'fastify'

const guard: FastifyPluginAsync = async (fastify) => {
  // Clients made for OpenAI show this id in their errors.
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    done()
  })
  fastify.requireScope('api', 'rpc')
}

export default guard
