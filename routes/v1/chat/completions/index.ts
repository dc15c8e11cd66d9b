import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { failureResponses } from '../../../../plugins/errors/schema.ts'
import { sideBySide } from '../../../../plugins/openai/chat/choices.ts'
import { ChunkEncoder } from '../../../../plugins/openai/chat/chunks.ts'
import { readCompletion } from '../../../../plugins/openai/chat/completion.ts'
import { choicesOf, toTurn } from '../../../../plugins/openai/chat/decode.ts'
import { usesFunctions, withTools } from '../../../../plugins/openai/chat/legacy.ts'
import { ChatCompletion, ChatCompletionBody } from '../../../../plugins/openai/chat/schema.ts'
import { customNames } from '../../../../plugins/openai/chat/tools.ts'
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
        response: {
          200: ChatCompletionAnswer,
          ...failureResponses('/v1', 400, 404, 409, 413, 415, 429, 502, 503, 504, 507)
        }
      }
    },
    async (request, reply) => {
      const body = withTools(request.body)
      const { model } = body
      const turn = toTurn(body, await findTarget(model, agents, catalog))
      const input = await fastify.mediaParts(request).inline(turn.input)
      const turns = await reply.startTurns({ ...turn, input }, choicesOf(body))
      const form = { model, customTools: customNames(body), asFunction: usesFunctions(request.body) }
      if (!body.stream) return readCompletion(turns, form)
      const includeUsage = body.stream_options?.include_usage ?? false
      const encoder = new ChunkEncoder(turns, { ...form, includeUsage })
      const [only, another] = turns
      if (only && !another) return reply.sendEvents({ source: only, encode: (entry) => encoder.encode(entry) })
      return reply.sendEvents({
        source: sideBySide(turns),
        encode: ({ entry, choice }) => encoder.encode(entry, choice)
      })
    }
  )
}

export default routes
