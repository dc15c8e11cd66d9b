import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../../../plugins/errors/schema.ts'
import { KeyParams, OwnerQuery, sessionOf } from '../../../../../plugins/sessions/request.ts'
import { Compacted, Keep, toCompacted, USUAL_KEEP } from '../../../../../plugins/sessions/schema.ts'

/** A union with null would tell less of what is wrong. */
const Body = Type.Unsafe<{ keep?: number } | null>({ type: ['object', 'null'], properties: { keep: Keep } })

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.post(
    '/',
    {
      schema: {
        operationId: 'compactSession',
        summary: 'Have a summary stand for the older messages',
        description: `The agent’s own model writes it, and is given it in their place from then on; they can still be read. Waits for
the turns that run in the session. The body may be left out.`,
        tags: ['sessions'],
        params: KeyParams,
        querystring: OwnerQuery,
        body: Body,
        response: { 200: Compacted, ...failureResponses('/api', 400, 404, 409, 413, 415, 429, 502, 503, 504, 507) }
      }
    },
    async (request, reply) => {
      const { keep = USUAL_KEEP } = request.body ?? {}
      const { sessions } = fastify.comis
      return toCompacted(await sessions.compact(sessionOf(request), keep, request.client, reply.leaving()))
    }
  )
}

export default routes
