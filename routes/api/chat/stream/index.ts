import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { chatEncoder } from '../../../../plugins/chat/encode.ts'
import { toTurn } from '../../../../plugins/chat/request.ts'
import { ChatBody, ChatStream } from '../../../../plugins/chat/schema.ts'
import { failureResponses } from '../../../../plugins/errors/schema.ts'
import type { FastifyReply } from 'fastify'

const KEEP_ALIVE_MS = 15_000

const Accumulate = Type.Optional(
  Type.Boolean({
    default: true,
    description: 'False: `token` events leave out `accumulated`, which grows with the square of the answer.'
  })
)
const failures = failureResponses('/api/chat/stream', 400, 409, 413, 415, 429, 502, 503, 504, 507)

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  async function stream(reply: FastifyReply, chat: ChatBody, accumulate = true): Promise<void> {
    const turn = await reply.startTurn(await toTurn(chat, reply.request.client, fastify.comis))
    return reply.sendEvents({ source: turn, encode: chatEncoder(turn, accumulate), keepAliveMs: KEEP_ALIVE_MS })
  }

  fastify.get(
    '/',
    {
      config: { queryToken: true },
      exposeHeadRoute: false,
      schema: {
        operationId: 'chatStreamByQuery',
        summary: 'Ask an agent and watch its answer come',
        description: `For a browser's EventSource. With \`Last-Event-ID\`, which it sends when it reconnects by itself after the
end, the answer is 204 and no turn is started.`,
        tags: ['chat'],
        querystring: Type.Object({
          ...Type.Omit(ChatBody, ['attachments']).properties,
          accumulate: Accumulate,
          token: Type.Optional(Type.String())
        }),
        headers: Type.Object({ 'last-event-id': Type.Optional(Type.String()) }),
        response: { 200: ChatStream, 204: Type.Null({ description: 'A reconnect after the end.' }), ...failures }
      }
    },
    async (request, reply) => {
      if (request.headers['last-event-id']) return reply.code(204).send(null)
      return stream(reply, request.query, request.query.accumulate)
    }
  )

  fastify.post(
    '/',
    {
      schema: {
        operationId: 'chatStream',
        summary: 'Ask an agent and watch its answer come',
        description: 'Preferred over GET: a message in an address is logged on its way, and limited in length.',
        tags: ['chat'],
        querystring: Type.Object({ accumulate: Accumulate }),
        body: ChatBody,
        response: { 200: ChatStream, ...failures }
      }
    },
    async (request, reply) => stream(reply, request.body, request.query.accumulate)
  )
}

export default routes
