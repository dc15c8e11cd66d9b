import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../../../plugins/errors/schema.ts'
import { Response } from '../../../../../plugins/openai/responses/documents.ts'
import { findResponse, readKept } from '../../../../../plugins/openai/responses/kept.ts'
import { GatewayError } from '../../../../../src/errors.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  const services = fastify.comis

  fastify.post(
    '/',
    {
      schema: {
        operationId: 'cancelResponse',
        summary: 'Cancel a response that runs in the background',
        description: 'One that has ended stays as it is.',
        tags: ['openai'],
        params: Type.Object({ id: Type.String() }),
        response: { 200: Response, ...failureResponses('/v1', 400, 404, 429) }
      }
    },
    async ({ params: { id }, client }) => {
      const response = await findResponse(id, client, services)
      if (!response.body.background) {
        throw new GatewayError('invalid_request', 'Only a response in the background can be cancelled')
      }
      const running = services.turns.get(response.turn.id)
      running?.abort('cancelled')
      await running?.outcome
      return readKept(response, services)
    }
  )
}

export default routes
