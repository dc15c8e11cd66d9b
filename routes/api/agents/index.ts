import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { AgentList } from '../../../plugins/schemas/agents.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get(
    '/',
    { schema: { operationId: 'listAgents', summary: 'List agents', tags: ['agents'], response: { 200: AgentList } } },
    async () => ({ agents: await fastify.comis.agents.list() })
  )
}

export default routes
