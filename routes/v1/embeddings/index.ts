import { Readable } from 'node:stream'
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
      const slices = encodeEmbeddings(await reply.embed(body), { model, format: format ?? 'float' })
      // A reader that takes nothing is cut off, as one of an event stream is.
      const { stallMs } = fastify.comis.config.gateway
      reply.raw.setTimeout(stallMs, () => reply.raw.destroy())
      return reply.type('application/json; charset=utf-8').send(Readable.from(slices) as never)
    }
  )
}

export default routes
