import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { readAnswer } from '../../../plugins/chat/answer.ts'
import { toTurn } from '../../../plugins/chat/request.ts'
import { ChatAnswer, ChatBody } from '../../../plugins/chat/schema.ts'
import { failureResponses } from '../../../plugins/errors/schema.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.post(
    '/',
    {
      schema: {
        operationId: 'chat',
        summary: 'Ask an agent and wait for its whole answer',
        description: 'Leaving before the answer is there stops the turn.',
        tags: ['chat'],
        body: ChatBody,
        response: { 200: ChatAnswer, ...failureResponses('/api/chat', 400, 409, 413, 415, 429, 502, 503, 504, 507) }
      }
    },
    async (request, reply) =>
      readAnswer(await reply.startTurn(await toTurn(request.body, request.client, fastify.comis)))
  )
}

export default routes
