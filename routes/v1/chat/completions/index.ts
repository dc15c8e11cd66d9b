import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { failureResponses } from '../../../../plugins/errors/schema.ts'
import { toTurn } from '../../../../plugins/openai/chat/decode.ts'
import { chunkEncoder, readCompletion } from '../../../../plugins/openai/chat/encode.ts'
import { ChatCompletion, ChatCompletionBody } from '../../../../plugins/openai/chat/schema.ts'
import { findTarget } from '../../../../src/agents/target.ts'

const ChatCompletionAnswer = {
  description: 'A completion; with `stream: true` its chunks as Server-Sent Events, and `data: [DONE]` at the end.',
  content: { 'application/json': { schema: ChatCompletion }, 'text/event-stream': { schema: { type: 'string' } } }
}

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  const { agents, catalog } = fastify.comis

  fastify.post(
    '/',
    {
      schema: {
        operationId: 'createChatCompletion',
        summary: 'Create a chat completion',
        description:
          'As OpenAI’s endpoint of this name. The messages are the whole conversation; nothing is kept of them.',
        tags: ['openai'],
        body: ChatCompletionBody,
        response: { 200: ChatCompletionAnswer, ...failureResponses('/v1', 400, 404, 409, 413, 415, 429, 502, 503, 504) }
      }
    },
    async ({ body }, reply) => {
      const turn = await reply.startTurn(toTurn(body, await findTarget(body.model, agents, catalog)))
      if (!body.stream) return readCompletion(turn, body.model)
      const includeUsage = body.stream_options?.include_usage ?? false
      return reply.sendEvents({ source: turn, encode: chunkEncoder(turn, { model: body.model, includeUsage }) })
    }
  )
}

export default routes
