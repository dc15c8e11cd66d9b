import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Saved } from '../../src/media/media.ts'
import { serveFile } from './serve.ts'
import { receive, takeStreams } from './upload.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The address of a file, below the gateway's prefix. */
    mediaUrl(id: string): string
    /** Has a shutdown wait for what the routes of a scope send and receive for its time of grace, and no longer. */
    followTransfers(scope: FastifyInstance): void
    /** Has the routes of a scope take uploads. */
    takeUploads(scope: FastifyInstance): Promise<void>
    /** Whether the address itself lets a request in: `?expires=&signature=`, as `POST /media/:id/sign` made it. */
    isSigned(request: FastifyRequest): boolean
  }
  interface FastifyReply {
    /** Writes the body of its request as a file of the media store. */
    receiveMedia(): Promise<Saved>
    /** Answers with a file of the media store, or the part of it that is asked for. */
    sendMedia(id: string): Promise<FastifyReply>
  }
}

/** What the routes below `/media` share: files go from and to the disk without being held in memory. */
async function mediaFiles(fastify: FastifyInstance): Promise<void> {
  const { comis, prefix } = fastify
  const { media } = comis
  const options = {
    media,
    isPublic: comis.config.gateway.media.public,
    stallMs: () => comis.config.gateway.stallMs,
    maxBytes: () => comis.config.gateway.media.maxUploadBytes
  }

  fastify.decorate('mediaUrl', (id: string) => `${prefix}/media/${id}`)
  fastify.decorate('takeUploads', (scope: FastifyInstance) => takeStreams(scope, options))
  fastify.decorate('isSigned', ({ params, query }: FastifyRequest) => {
    const { id } = params as { id: string }
    const { expires, signature } = query as Record<string, unknown>
    if (typeof expires !== 'string' || typeof signature !== 'string' || !/^\d{1,12}$/.test(expires)) return false
    return media.signer.verify(id, Number(expires), signature)
  })
  fastify.decorateReply('receiveMedia', function (this: FastifyReply) {
    return receive(this, media)
  })
  fastify.decorateReply('sendMedia', function (this: FastifyReply, id: string) {
    return serveFile(this, id, options)
  })

  const transfers = new Set<FastifyReply>()
  fastify.addHook('preClose', async () => {
    const cutOff = () => transfers.forEach(({ raw }) => raw.destroy())
    if (transfers.size > 0) setTimeout(cutOff, comis.config.gateway.shutdownGraceMs).unref()
  })
  fastify.decorate('followTransfers', (scope: FastifyInstance) => {
    scope.addHook('preHandler', (_request, reply, done) => {
      transfers.add(reply)
      reply.raw.once('close', () => transfers.delete(reply))
      done()
    })
  })
}

export default fp(mediaFiles, { name: 'comis-media', dependencies: ['comis-services', 'comis-auth', 'comis-turns'] })
