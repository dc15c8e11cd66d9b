import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../../plugins/errors/schema.ts'
import { limitParameter } from '../../../../plugins/limit-parameter.ts'
import { MemoryPage, toRecord } from '../../../../plugins/memory/schema.ts'

const limit = limitParameter({ least: 1, most: 1000, usual: 50 })

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get(
    '/',
    {
      config: { scopes: ['admin'] },
      schema: {
        operationId: 'browseMemory',
        summary: 'Page through what is remembered',
        tags: ['memory'],
        querystring: Type.Object({
          clientId: Type.Optional(Type.String({ description: 'Only what belongs to this client, or to everyone.' })),
          agentId: Type.Optional(Type.String({ description: 'Only what this agent remembers.' })),
          before: Type.Optional(Type.String({ description: '`next` of the page before.' })),
          limit: limit.schema
        }),
        response: { 200: MemoryPage, ...failureResponses('/api', 429) }
      }
    },
    async ({ query }) => {
      const { entries, next } = await fastify.comis.memory.list({ ...query, limit: limit.read(query.limit) })
      return { entries: entries.map(toRecord), next }
    }
  )
}

export default routes
