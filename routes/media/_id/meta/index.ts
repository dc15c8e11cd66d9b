import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { failureResponses } from '../../../../plugins/errors/schema.ts'
import { MediaId, MediaMeta } from '../../../../plugins/media/schema.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  const { public: isPublic } = fastify.comis.config.gateway.media

  fastify.get(
    '/',
    {
      config: { public: isPublic, queryToken: true, admits: fastify.isSigned },
      schema: {
        operationId: 'readMediaMeta',
        summary: 'What a file is',
        tags: ['media'],
        ...(isPublic && { security: [] }),
        params: MediaId,
        response: { 200: MediaMeta, ...failureResponses('/media', 400, 404, 410, 429) }
      }
    },
    ({ params }) => fastify.comis.media.stat(params.id)
  )
}

export default routes
