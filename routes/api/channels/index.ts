import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../plugins/errors/schema.ts'

const ChannelList = Type.Object(
  {
    channels: Type.Array(
      Type.Object({
        type: Type.String(),
        name: Type.String(),
        enabled: Type.Boolean(),
        status: Type.Enum(['connected', 'connecting', 'disconnected', 'error', 'unavailable'], {
          description: '`unavailable`: it is configured, and nothing serves it.'
        }),
        uptime: Type.Optional(Type.Integer({ description: 'Seconds.' })),
        lastMessageAt: Type.Optional(Type.Integer({ description: 'Milliseconds since the epoch.' }))
      })
    )
  },
  { description: 'The channels that are enabled.' }
)

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get(
    '/',
    {
      schema: {
        operationId: 'listChannels',
        summary: 'List channels',
        tags: ['core'],
        response: { 200: ChannelList, ...failureResponses('/api', 429) }
      }
    },
    async () => ({ channels: fastify.comis.channels.list().map((channel) => ({ ...channel, enabled: true })) })
  )
}

export default routes
