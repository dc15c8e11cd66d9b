import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../../plugins/errors/schema.ts'
import { findResponse, readKept } from '../../../../plugins/openai/responses/kept.ts'
import { Response } from '../../../../plugins/openai/responses/documents.ts'

const params = Type.Object({ id: Type.String() })

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  const services = fastify.comis

  fastify.get(
    '/',
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'retrieveResponse',
        summary: 'Retrieve a stored response',
        description: 'With `stream=true` the events of one in the background, those that are to come too.',
        tags: ['openai'],
        params,
        querystring: Type.Object({
          stream: Type.Optional(Type.Boolean()),
          starting_after: Type.Optional(
            Type.Integer({ description: 'The `sequence_number` of the last event that was seen.' })
          )
        }),
        response: { 200: Response, ...failureResponses('/v1', 400, 404, 429) }
      }
    },
    async ({ params: { id }, query, client }, reply) => {
      if (query.stream) return reply.resumeResponse(id, query.starting_after ?? -1)
      return readKept(await findResponse(id, client, services), services)
    }
  )

  fastify.delete(
    '/',
    {
      schema: {
        operationId: 'deleteResponse',
        summary: 'Delete a stored response',
        description: 'One that still runs is cancelled.',
        tags: ['openai'],
        params,
        response: {
          200: Type.Object(
            { id: Type.String(), object: Type.Literal('response'), deleted: Type.Literal(true) },
            { description: 'It is gone.' }
          ),
          ...failureResponses('/v1', 404, 429)
        }
      }
    },
    async ({ params: { id }, client }) => {
      const { turn } = await findResponse(id, client, services)
      const running = services.turns.get(turn.id)
      running?.abort('cancelled')
      await running?.outcome
      await services.storage.kept.remove(turn.id)
      return { id, object: 'response' as const, deleted: true as const }
    }
  )
}

export default routes
