import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import embeddings from './embeddings/index.ts'
import { openAiForm } from './errors.ts'
import { type MediaParts, mediaParts } from './media-parts.ts'
import responses from './responses/index.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The gateway's own files that the messages of a request may refer to. */
    mediaParts(request: FastifyRequest): MediaParts
  }
}

/** What everything below `/v1` shares: OpenAI's form of errors, and its embeddings. */
async function openai(fastify: FastifyInstance): Promise<void> {
  fastify.setErrorForm('/v1', openAiForm)
  fastify.decorate('mediaParts', (request: FastifyRequest) => mediaParts(fastify, request))
  await fastify.register(embeddings)
  await fastify.register(responses)
}

export default fp(openai, { name: 'comis-openai', dependencies: ['comis-errors', 'comis-turns'] })
