import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../../plugins/errors/schema.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.post(
    '/',
    {
      config: { scopes: ['admin'] },
      schema: {
        operationId: 'forgetMemories',
        summary: 'Forget many entries',
        description: 'Ids that are not there are passed over.',
        tags: ['memory'],
        body: Type.Object({ ids: Type.Array(Type.String(), { minItems: 1, maxItems: 1000 }) }),
        response: {
          200: Type.Object({ deleted: Type.Integer() }, { description: 'How many there were.' }),
          ...failureResponses('/api', 400, 413, 415, 429, 507)
        }
      }
    },
    async ({ body }) => ({ deleted: await fastify.comis.memory.remove(body.ids) })
  )
}

export default routes
