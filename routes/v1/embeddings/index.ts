import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { failureResponses } from '../../../plugins/errors/schema.ts'
import { encodeEmbeddings } from '../../../plugins/openai/embeddings/encode.ts'
import { EmbeddingBody, EmbeddingList } from '../../../plugins/openai/embeddings/schema.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.post(
    '/',
    {
      schema: {
        operationId: 'createEmbedding',
        summary: 'Turn texts into vectors',
        description: 'As OpenAI’s endpoint of this name. Without configuration there is `offline/embeddings-en`.',
        tags: ['openai'],
        body: EmbeddingBody,
        response: { 200: EmbeddingList, ...failureResponses('/v1', 400, 404, 413, 415, 429, 502, 503, 504) }
      }
    },
    async ({ body }, reply) => {
      const { model, encoding_format: format } = body
      const encoded = await encodeEmbeddings(await reply.embed(body), { model, format: format ?? 'float' })
      // Encoded already, as the schema says: the route's own serialiser would write it all in one go.
      return reply
        .type('application/json; charset=utf-8')
        .serializer(asItIs)
        .send(encoded as never)
    }
  )
}

const asItIs = (payload: unknown) => payload as string

export default routes
