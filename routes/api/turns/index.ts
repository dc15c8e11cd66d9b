import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { failureResponses } from '../../../plugins/errors/schema.ts'
import { TurnList } from '../../../plugins/schemas/turns.ts'
import { describeTurn } from '../../../src/turns/describe.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get(
    '/',
    {
      schema: {
        operationId: 'listTurns',
        summary: 'List running turns',
        tags: ['turns'],
        response: { 200: TurnList, ...failureResponses('/api', 429) }
      }
    },
    async (request) => ({ turns: fastify.comis.turns.list(request.client).map(describeTurn) })
  )
}

export default routes
