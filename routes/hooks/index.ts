import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../plugins/errors/schema.ts'
import { orAsk, takeEvent, toIncoming } from '../../plugins/webhooks/incoming.ts'
import { Received, ReceivedByMapping, ValidationFailure } from '../../plugins/webhooks/schema.ts'
import { GENERIC, normalPath } from '../../src/webhooks/check.ts'
import { WebhookEvent } from '../../src/webhooks/event.ts'

const STATUSES = [400, 401, 404, 413, 415, 429, 503, 507]

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.removeAllContentTypeParsers()
  // By its name too: what `*` takes, Fastify looks up anew for each request.
  fastify.addContentTypeParser(['application/json', '*'], { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body)
  )
  fastify.addHook('onRoute', (route) => {
    route.bodyLimit = fastify.comis.config.webhooks.maxBodyBytes
    route.config = { ...route.config, bodyLimitKey: 'webhooks.maxBodyBytes' }
    route.validatorCompiler = () => () => true // the signature is checked first, and over the bytes
  })
  // A route at the root of a prefix answers with and without a slash at its end.
  await fastify.register(event, { prefix: '/webhook' })
  await fastify.register(mapped, { prefix: '/:path' })
}

const event: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.post(
    '/',
    {
      schema: {
        operationId: 'receiveEvent',
        summary: 'Tell of something that happened',
        description: `Signed with \`webhooks.token\` as \`webhooks.signature\` says. It is told as the event \`message:received\`.
An \`x-webhook-id\` is accepted once.`,
        tags: ['webhooks'],
        security: [],
        body: WebhookEvent,
        response: { 200: Received, 422: ValidationFailure, ...failureResponses('/hooks', ...STATUSES) }
      }
    },
    (request, reply) => takeEvent(fastify, request, reply)
  )
}

const mapped: FastifyPluginAsyncTypebox = async (fastify) => {
  const { webhooks } = fastify.comis
  fastify.post(
    '/',
    {
      schema: {
        operationId: 'receiveDelivery',
        summary: 'Deliver to a mapping',
        description: `Signed as the mapping’s scheme asks. What it asks for is done after the answer; a delivery of the same id is
accepted once.`,
        tags: ['webhooks'],
        security: [],
        params: Type.Object({ path: Type.String({ description: 'What `match.path` of the mapping says.' }) }),
        body: Type.Unknown({ description: 'JSON, as the sender has it and the templates of the mapping read it.' }),
        response: { 200: ReceivedByMapping, 422: ValidationFailure, ...failureResponses('/hooks', ...STATUSES) }
      }
    },
    async (request, reply) => {
      // Its address is as indifferent to case as those of mappings are.
      if (normalPath(request.params.path) === GENERIC) return takeEvent(fastify, request, reply)
      const accepted = await orAsk(reply, webhooks.accept(toIncoming(request, request.params.path)))
      return 'challenge' in accepted ? accepted : { received: true as const, mapping: accepted.mapping }
    }
  )
}

export default routes
