import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { failureResponses, RestError } from '../../plugins/errors/schema.ts'
import { limitParameter } from '../../plugins/limit-parameter.ts'
import { MediaFile, toFile } from '../../plugins/media/schema.ts'
import { checkId } from '../../src/media/id.ts'

const uploadFailures = {
  ...failureResponses('/media', 400, 429, 503, 507),
  413: { ...RestError, description: 'The file is larger than `gateway.media.maxUploadBytes`.' },
  415: {
    ...RestError,
    description: 'The file is not what its `Content-Type` says, or is compressed by a `Content-Encoding`.'
  }
}

const limit = limitParameter({ least: 1, most: 1000, usual: 100 })

const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.get(
    '/',
    {
      config: { scopes: ['admin'] },
      schema: {
        operationId: 'listMedia',
        summary: 'Page through the files',
        tags: ['media'],
        querystring: Type.Object({
          after: Type.Optional(Type.String({ description: '`next` of the page before.' })),
          limit: limit.schema
        }),
        response: {
          200: Type.Object({ media: Type.Array(MediaFile), next: Type.Optional(Type.String()) }),
          ...failureResponses('/media', 400, 429)
        }
      }
    },
    async ({ query }) => {
      const after = query.after === undefined ? undefined : checkId(query.after)
      const { media, next } = await fastify.comis.media.list(limit.read(query.limit), after)
      return { media: media.map((file) => toFile(file, fastify.mediaUrl(file.id))), next }
    }
  )

  await fastify.register(async (scope) => {
    await scope.takeUploads(scope)
    scope.post(
      '/',
      {
        config: { longBody: true },
        schema: {
          operationId: 'uploadMedia',
          summary: 'Upload a file',
          description:
            'The file as the body, with its `Content-Type`; or as the one file of a `multipart/form-data` form.',
          tags: ['media'],
          response: { 201: MediaFile, ...uploadFailures }
        }
      },
      async (_request, reply) => {
        const saved = await reply.receiveMedia()
        const url = fastify.mediaUrl(saved.id)
        return reply.code(201).header('location', url).send(toFile(saved, url))
      }
    )
  })
}

export default routes
