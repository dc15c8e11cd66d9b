import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { listAgents } from '../../../src/agents/list.ts'
import { AgentList } from '../../../plugins/schemas/agents.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get(
    '/',
    { schema: { operationId: 'listAgents', summary: 'List agents', tags: ['agents'], response: { 200: AgentList } } },
    async ({ client }) => ({ agents: await listAgents(client, fastify.comis.agents, fastify.comis.usages) })
  )
}

export default routes
