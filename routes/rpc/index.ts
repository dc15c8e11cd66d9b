import { isUtf8 } from 'node:buffer'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../plugins/errors/schema.ts'
import { RpcBody, RpcAnswer } from '../../plugins/json-rpc/schema.ts'

const NOT_UTF8 = '\u0000'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.requireScope('rpc', 'admin')
  // What is no JSON is an error of JSON-RPC's own and not of HTTP's: the text goes on as it is.
  fastify.removeContentTypeParser('application/json')
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body: Buffer, done) =>
    done(null, isUtf8(body) ? body.toString() : NOT_UTF8)
  )

  fastify.post(
    '/',
    {
      schema: {
        operationId: 'rpc',
        summary: 'Call JSON-RPC methods',
        description:
          'One call, or a batch of them in an array. The method `rpc.discover` describes all methods as an OpenRPC document.',
        tags: ['json-rpc'],
        body: RpcBody,
        response: {
          200: RpcAnswer,
          204: Type.Null({ description: 'There were notifications only.' }),
          ...failureResponses('/rpc', 413, 415, 429)
        }
      },
      validatorCompiler: () => () => true
    },
    async (request, reply) => {
      const answer = await fastify.rpc.answer(request.body as unknown as string, reply)
      if (answer === undefined) return reply.code(204).send(null)
      return reply
        .type('application/json; charset=utf-8')
        .serializer(String)
        .send(answer as never)
    }
  )
}

export default routes
