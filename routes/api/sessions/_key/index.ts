import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../../plugins/errors/schema.ts'
import { KeyParams, OwnerQuery, sessionOf } from '../../../../plugins/sessions/request.ts'
import { SessionRecord, Status, Title, toRecord, toStatus } from '../../../../plugins/sessions/schema.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  const { sessions } = fastify.comis

  fastify.get(
    '/',
    {
      schema: {
        operationId: 'sessionStatus',
        summary: 'How a session is',
        tags: ['sessions'],
        params: KeyParams,
        querystring: OwnerQuery,
        response: { 200: Status, ...failureResponses('/api', 404, 429) }
      }
    },
    async (request) => toStatus(await sessions.status(sessionOf(request)))
  )

  fastify.patch(
    '/',
    {
      schema: {
        operationId: 'renameSession',
        summary: 'Give a session a title, or take it away',
        description: 'Its key stays what it is.',
        tags: ['sessions'],
        params: KeyParams,
        querystring: OwnerQuery,
        body: Type.Object({ title: Title }),
        response: { 200: SessionRecord, ...failureResponses('/api', 400, 404, 413, 415, 429) }
      }
    },
    async (request) => toRecord(await sessions.rename(sessionOf(request), request.body.title, request.client))
  )

  fastify.delete(
    '/',
    {
      schema: {
        operationId: 'deleteSession',
        summary: 'Remove a session with its messages',
        description: 'Turns that run in it are stopped. What was used stays counted.',
        tags: ['sessions'],
        params: KeyParams,
        querystring: OwnerQuery,
        response: { 204: Type.Null({ description: 'It is gone.' }), ...failureResponses('/api', 404, 429, 503, 507) }
      }
    },
    async (request, reply) => {
      await sessions.remove(sessionOf(request), request.client, reply.leaving())
      return reply.code(204).send(null)
    }
  )
}

export default routes
