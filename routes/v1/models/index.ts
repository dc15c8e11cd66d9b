import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../plugins/errors/schema.ts'
import { findModel, listModels, Model, ModelList } from '../../../plugins/openai/models.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  const models = fastify.comis

  fastify.get(
    '/',
    {
      schema: {
        operationId: 'listModels',
        summary: 'List models',
        tags: ['openai'],
        response: { 200: ModelList, ...failureResponses('/v1', 429) }
      }
    },
    async ({ client }) => ({ object: 'list' as const, data: await listModels(client, models) })
  )

  fastify.get(
    '/:model',
    {
      schema: {
        operationId: 'retrieveModel',
        summary: 'Retrieve a model',
        tags: ['openai'],
        params: Type.Object({
          model: Type.String({ description: 'Its id; the slash in it may be sent as it is or as `%2F`.' })
        }),
        response: { 200: Model, ...failureResponses('/v1', 404, 429) }
      }
    },
    async ({ params, client }) => findModel(params.model, client, models)
  )

  fastify.get('/*', { schema: { hide: true, response: { 200: Model } } }, async ({ params, client }) =>
    findModel((params as { '*': string })['*'], client, models)
  )
}

export default routes
