import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { openAiForm } from './errors.ts'

/** What everything below `/v1` shares: OpenAI's form of errors. */
async function openai(fastify: FastifyInstance): Promise<void> {
  fastify.setErrorForm('/v1', openAiForm)
}

export default fp(openai, { name: 'comis-openai', dependencies: ['comis-errors'] })
