import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import embeddings from './embeddings/index.ts'
import { openAiForm } from './errors.ts'

/** What everything below `/v1` shares: OpenAI's form of errors, and its embeddings. */
async function openai(fastify: FastifyInstance): Promise<void> {
  fastify.setErrorForm('/v1', openAiForm)
  await fastify.register(embeddings)
}

export default fp(openai, { name: 'comis-openai', dependencies: ['comis-errors'] })
