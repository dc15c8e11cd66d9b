import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../plugins/errors/schema.ts'

const Ticket = Type.Object(
  {
    ticket: Type.String({ description: 'Goes into `?ticket=`. It opens one connection.' }),
    expiresAt: Type.Integer({ description: 'Thirty seconds from now, in milliseconds since the epoch.' })
  },
  { description: 'A ticket, which is shown this once.' }
)

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.post(
    '/',
    {
      config: { scopes: ['rpc', 'admin', 'api'] },
      schema: {
        operationId: 'createTicket',
        summary: 'Take a ticket',
        description:
          'In place of a token in an address: it is good for one connection of the same client, and ends with its token.',
        tags: ['core'],
        response: { 200: Ticket, ...failureResponses('/api', 429, 503) }
      }
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      return fastify.comis.tickets.issue(request.client)
    }
  )
}

export default routes
