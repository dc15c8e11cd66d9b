import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { failureResponses } from '../../../plugins/errors/schema.ts'
import { ChannelList, toListed } from '../../../plugins/schemas/channels.ts'

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
    async () => ({ channels: fastify.comis.channels.list().map(toListed) })
  )
}

export default routes
