import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import embeddings from './embeddings/index.ts'
import { openAiForm } from './errors.ts'
import responses from './responses/index.ts'

/** What everything below `/v1` shares: OpenAI's form of errors, and its embeddings. */
async function openai(fastify: FastifyInstance): Promise<void> {
  fastify.setErrorForm('/v1', openAiForm)
  await fastify.register(embeddings)
  await fastify.register(responses)
}

export default fp(openai, { name: 'comis-openai', dependencies: ['comis-errors', 'comis-turns'] })
