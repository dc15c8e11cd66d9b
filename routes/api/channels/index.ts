import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { failureResponses } from '../../../plugins/errors/schema.ts'
import { ChannelList } from '../../../plugins/schemas/channels.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get(
    '/',
    {
      schema: {
        operationId: 'listChannels',
        summary: 'List the channels that are enabled',
        tags: ['core'],
        response: { 200: ChannelList, ...failureResponses('/api', 429) }
      }
    },
    async () => ({ channels: fastify.comis.channels.list().filter(({ enabled }) => enabled) })
  )
}

export default routes
