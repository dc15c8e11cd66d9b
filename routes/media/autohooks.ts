import type { FastifyPluginAsync } from 'fastify'

const guard: FastifyPluginAsync = async (fastify) => {
  fastify.requireScope('rpc')
}

export default guard
