import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../plugins/errors/schema.ts'
import { limitParameter } from '../../../plugins/limit-parameter.ts'
import { SessionList, TitleFilter, toList } from '../../../plugins/sessions/schema.ts'
import { findableOf } from '../../../src/access/principal.ts'

const limit = limitParameter({ least: 1, most: 200, usual: 50 })

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get(
    '/',
    {
      schema: {
        operationId: 'listSessions',
        summary: 'Page through the sessions',
        description: 'One’s own; for the scope `admin` those of all.',
        tags: ['sessions'],
        querystring: Type.Object({
          clientId: Type.Optional(Type.String({ description: 'Only those of this client.' })),
          agentId: Type.Optional(Type.String({ description: 'Only those of this agent.' })),
          title: TitleFilter,
          before: Type.Optional(Type.String({ description: '`next` of the page before.' })),
          limit: limit.schema
        }),
        response: { 200: SessionList, ...failureResponses('/api', 400, 429) }
      }
    },
    async ({ query, client }) => {
      const { agentId, title, before } = query
      const clientId = findableOf(client, query.clientId)
      return toList(
        await fastify.comis.sessions.list({ clientId, agentId, title, before, limit: limit.read(query.limit) })
      )
    }
  )
}

export default routes
