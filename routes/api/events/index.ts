import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../plugins/errors/schema.ts'
import { EventStream } from '../../../plugins/events/schema.ts'
import { eventFilter } from '../../../src/events/filter.ts'

const text = (description: string) => Type.Optional(Type.String({ description }))

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get(
    '/',
    {
      config: { queryToken: true },
      exposeHeadRoute: false,
      schema: {
        operationId: 'streamEvents',
        summary: 'Watch what happens',
        description: `Events as they happen. Those of a client are for that client and for admins; those of none for everyone with the
scope, but for security, secrets and audits, which are for admins then. A reader that does not keep up is cut off and can resume.`,
        tags: ['events'],
        querystring: Type.Object({
          types: text('Types as `session:created`, or categories as `session:*`, separated by commas.'),
          agentId: text('Only events of this agent.'),
          sessionKey: text('Only events of this session.'),
          lastEventId: text('In place of the header, for clients that cannot set one.'),
          token: Type.Optional(Type.String())
        }),
        headers: Type.Object({ 'last-event-id': text('The last id that was seen: what came after it is sent first.') }),
        response: { 200: EventStream, ...failureResponses('/api', 400, 429) }
      }
    },
    (request, reply) => {
      const { lastEventId, types, agentId, sessionKey } = request.query
      reply.streamEvents({
        filter: eventFilter({ by: request.client, types, agentId, sessionKey }),
        lastEventId: request.headers['last-event-id'] ?? lastEventId
      })
    }
  )
}

export default routes
