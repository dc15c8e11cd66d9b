import type { FastifyPluginAsync } from 'fastify'

const guard: FastifyPluginAsync = async (fastify) => {
  fastify.requireScope('rpc')
  fastify.followTransfers(fastify)
}

export default guard
