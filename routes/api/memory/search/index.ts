import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../../plugins/errors/schema.ts'
import { limitParameter } from '../../../../plugins/limit-parameter.ts'
import { FoundMemories, toRecord } from '../../../../plugins/memory/schema.ts'
import { agentsOf } from '../../../../src/access/limits.ts'
import { findableBy } from '../../../../src/access/principal.ts'

const limit = limitParameter({ least: 1, most: 100, usual: 10 })

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get(
    '/',
    {
      schema: {
        operationId: 'searchMemory',
        summary: 'Find what is remembered',
        description:
          'By words and by meaning: one’s own and everyone’s; for the scope `admin` that of all clients. Only of agents that the token may use.',
        tags: ['memory'],
        querystring: Type.Object({
          q: Type.String({ minLength: 1, maxLength: 4000, description: 'What to look for.' }),
          agentId: Type.Optional(Type.String({ description: 'Only what this agent remembers.' })),
          limit: limit.schema
        }),
        response: { 200: FoundMemories, ...failureResponses('/api', 400, 429, 503) }
      }
    },
    async ({ query: { q, agentId, limit: most }, client }, reply) => {
      const clientId = findableBy(client)
      const found = await fastify.comis.memory.search(
        { query: q, limit: limit.read(most), clientId, agentIds: agentsOf(client, agentId) },
        reply.leaving()
      )
      return { results: found.map(toRecord) }
    }
  )
}

export default routes
