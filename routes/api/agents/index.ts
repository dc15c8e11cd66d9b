import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'

const AgentList = Type.Object(
  {
    agents: Type.Array(
      Type.Object({
        id: Type.String(),
        name: Type.String(),
        provider: Type.String(),
        model: Type.String({ description: 'Empty while the provider, which is to name one, cannot be asked.' }),
        status: Type.Enum(['active', 'suspended'])
      })
    )
  },
  { description: 'All agents.' }
)

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get(
    '/',
    { schema: { operationId: 'listAgents', summary: 'List agents', tags: ['agents'], response: { 200: AgentList } } },
    async () => ({ agents: await fastify.comis.agents.list() })
  )
}

export default routes
