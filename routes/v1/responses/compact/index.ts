import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { failureResponses } from '../../../../plugins/errors/schema.ts'
import { compact, CompactBody, Compaction } from '../../../../plugins/openai/responses/compact.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.post(
    '/',
    {
      schema: {
        operationId: 'compactResponse',
        summary: 'Make a conversation short',
        description: 'The model itself writes what is to stand for it. Nothing is stored.',
        tags: ['openai'],
        body: CompactBody,
        response: { 200: Compaction, ...failureResponses('/v1', 400, 404, 409, 413, 415, 429, 502, 503, 504, 507) }
      }
    },
    (request, reply) => {
      const means = { services: fastify.comis, media: fastify.mediaParts(request) }
      return compact(request.body, request.client, means, reply.leaving())
    }
  )
}

export default routes
