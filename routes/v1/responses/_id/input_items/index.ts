import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../../../plugins/errors/schema.ts'
import { ItemList } from '../../../../../plugins/openai/responses/documents.ts'
import { GatewayError } from '../../../../../src/errors.ts'
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
      const last = ordered.findIndex((item) => item.id === after)
      if (after !== undefined && last < 0) {
        const message = `Invalid query parameter: after: there is no item "${after.slice(0, 64)}"`
        throw new GatewayError('invalid_request', message, { param: 'after' })
      }
      const from = last + 1
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
