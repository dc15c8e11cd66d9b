import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../plugins/errors/schema.ts'
import { Binary, MediaId } from '../../../plugins/media/schema.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  const { public: isPublic } = fastify.comis.config.gateway.media

  fastify.get(
    '/',
    {
      config: { public: isPublic, queryToken: true, admits: fastify.isSigned },
      schema: {
        operationId: 'readMedia',
        summary: 'Read a file',
        description: 'One range of bytes may be asked for (`Range`); several are answered with the whole file.',
        tags: ['media'],
        ...(isPublic && { security: [] }),
        params: MediaId,
        response: { 200: Binary, ...failureResponses('/media', 400, 404, 410, 416, 429) }
      }
    },
    (request, reply) => reply.sendMedia(request.params.id)
  )

  fastify.delete(
    '/',
    {
      config: { scopes: ['admin'] },
      schema: {
        operationId: 'deleteMedia',
        summary: 'Delete a file',
        tags: ['media'],
        params: MediaId,
        response: { 204: Type.Null({ description: 'It is deleted.' }), ...failureResponses('/media', 400, 404, 429) }
      }
    },
    async ({ params, client }, reply) => {
      await fastify.comis.media.remove(params.id, client.clientId)
      return reply.code(204).send(null)
    }
  )
}

export default routes
