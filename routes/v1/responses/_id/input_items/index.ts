import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../../../plugins/errors/schema.ts'
import { ItemList } from '../../../../../plugins/openai/responses/documents.ts'
import { findResponse, inputItems } from '../../../../../plugins/openai/responses/kept.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get(
    '/',
    {
      schema: {
        operationId: 'listInputItems',
        summary: 'List what a stored response was asked',
        tags: ['openai'],
        params: Type.Object({ id: Type.String() }),
        querystring: Type.Object({
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
          order: Type.Optional(Type.Enum(['asc', 'desc'], { default: 'desc' })),
          after: Type.Optional(Type.String({ description: 'The id of the last item of the page before.' }))
        }),
        response: { 200: ItemList, ...failureResponses('/v1', 400, 404, 429) }
      }
    },
    async ({ params: { id }, query: { limit = 20, order = 'desc', after }, client }) => {
      const items = inputItems(await findResponse(id, client, fastify.comis))
      const ordered = order === 'asc' ? items : items.toReversed()
      const from = after === undefined ? 0 : ordered.findIndex((item) => item.id === after) + 1
      const data = ordered.slice(from, from + limit)
      const has_more = from + data.length < ordered.length
      return {
        object: 'list' as const,
        data,
        first_id: data[0]?.id ?? null,
        last_id: data.at(-1)?.id ?? null,
        has_more
      }
    }
  )
}

export default routes
