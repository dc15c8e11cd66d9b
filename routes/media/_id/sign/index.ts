import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses } from '../../../../plugins/errors/schema.ts'
import { MediaId } from '../../../../plugins/media/schema.ts'

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  const { media } = fastify.comis

  fastify.post(
    '/',
    {
      schema: {
        operationId: 'signMedia',
        summary: 'Make an address that needs no token',
        description: 'Whoever has it can read this one file until it expires.',
        tags: ['media'],
        params: MediaId,
        body: Type.Union([
          Type.Object({
            expiresInSeconds: Type.Optional(
              Type.Integer({ minimum: 1, maximum: 604_800, description: 'Default: 3600.' })
            )
          }),
          Type.Null()
        ]),
        response: {
          200: Type.Object({ url: Type.String(), expiresAt: Type.Integer() }),
          ...failureResponses('/media', 400, 404, 410, 413, 415, 429)
        }
      }
    },
    async ({ params: { id }, body }) => {
      const file = await media.stat(id)
      const wanted = Math.floor(Date.now() / 1000) + (body?.expiresInSeconds ?? 3600)
      const expires = file.expiresAt === null ? wanted : Math.min(wanted, Math.floor(file.expiresAt / 1000))
      const url = `${fastify.mediaUrl(id)}?expires=${expires}&signature=${media.signer.sign(id, expires)}`
      return { url, expiresAt: expires * 1000 }
    }
  )
}

export default routes
