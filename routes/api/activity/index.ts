import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../plugins/errors/schema.ts'
import { ActivityList } from '../../../plugins/events/schema.ts'
import { limitParameter } from '../../../plugins/limit-parameter.ts'
import { findableBy } from '../../../src/access/principal.ts'

const limit = limitParameter({ least: 1, most: 100, usual: 50 })

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  const { events } = fastify.comis.storage

  fastify.get(
    '/',
    {
      schema: {
        operationId: 'listActivity',
        summary: 'Read what happened lately',
        tags: ['events'],
        querystring: Type.Object({ limit: limit.schema }),
        response: { 200: ActivityList, ...failureResponses('/api', 429) }
      }
    },
    async ({ query, client }) => {
      const reader = findableBy(client)
      const found = await events.latest(limit.read(query.limit), reader)
      const entries = found.map(({ id, type, payload, at }) => ({
        id,
        event: type,
        payload: JSON.parse(payload) as object,
        timestamp: at
      }))
      return { entries, count: entries.length }
    }
  )
}

export default routes
