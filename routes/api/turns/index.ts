import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../plugins/errors/schema.ts'
import type { Turn } from '../../../src/turns/turn.ts'

const TurnList = Type.Object(
  {
    turns: Type.Array(
      Type.Object({
        id: Type.String(),
        clientId: Type.String(),
        agentId: Type.Optional(Type.String()),
        model: Type.Optional(Type.String({ description: '`provider/model`, for a turn of a model alone.' })),
        sessionKey: Type.Optional(Type.String()),
        startedAt: Type.Integer({ description: 'Milliseconds since the epoch.' })
      })
    )
  },
  { description: 'The running turns of the client; for the scope `admin` those of all.' }
)

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
    async (request) => ({ turns: fastify.comis.turns.list(request.client).map(summarize) })
  )
}

function summarize({ id, startedAt, request: { by, target, session } }: Turn) {
  const who =
    'agent' in target ? { agentId: target.agent.id } : { model: `${target.model.providerId}/${target.model.model}` }
  return { id, clientId: by.clientId, ...who, sessionKey: session?.key, startedAt }
}

export default routes
