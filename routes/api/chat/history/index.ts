import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../../plugins/errors/schema.ts'
import { limitParameter } from '../../../../plugins/limit-parameter.ts'
import { History, toMessage } from '../../../../plugins/schemas/history.ts'
import { ownerOf } from '../../../../src/access/principal.ts'

const limit = limitParameter({ least: 1, most: 1000, usual: 200 })

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  const { sessions } = fastify.comis.storage

  fastify.get(
    '/',
    {
      schema: {
        operationId: 'chatHistory',
        summary: 'Read what was said',
        tags: ['chat'],
        querystring: Type.Object({
          channelId: Type.Optional(
            Type.String({ description: 'A session key; left out: all sessions of the client.' })
          ),
          clientId: Type.Optional(
            Type.String({ description: 'Whose sessions; only for the scope `admin`. Default: one’s own.' })
          ),
          limit: limit.schema
        }),
        response: { 200: History, ...failureResponses('/api', 429) }
      }
    },
    async ({ query, client }) => {
      const owner = ownerOf(client, query.clientId)
      const entries = await sessions.history(owner, query.channelId, limit.read(query.limit))
      return { messages: entries.map(toMessage) }
    }
  )
}

export default routes
