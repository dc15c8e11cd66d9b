import type { Readable } from 'node:stream'
import multipart from '@fastify/multipart'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GatewayError } from '../../src/errors.ts'
import { type Media, type Saved, tooLarge } from '../../src/media/media.ts'

export interface UploadOptions {
  media: Media
  maxBytes(): number
  /** After which time a client that sends nothing is cut off. */
  stallMs(): number
}

/** Envelopes of a multipart body and its small fields. */
const MULTIPART_EXTRA_BYTES = 65_536

/** Has the routes of this scope take bodies as streams. */
export async function takeStreams(
  scope: FastifyInstance,
  { maxBytes }: Pick<UploadOptions, 'maxBytes'>
): Promise<void> {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  const limits = { files: 1, fields: 16, parts: 17, fieldSize: 1024, headerPairs: 32, fileSize: Infinity }
  await scope.register(multipart, { limits, throwFileSizeLimit: false })
  scope.addHook('onRequest', (request, _reply, done) => {
    const { 'content-length': length, 'content-encoding': encoding } = request.headers
    if (encoding !== undefined && encoding !== 'identity') {
      return done(new GatewayError('unsupported_media', 'Send the file without Content-Encoding'))
    }
    const extra = isMultipart(request) ? MULTIPART_EXTRA_BYTES : 0
    if (Number(length ?? 0) > maxBytes() + extra) return done(tooLarge(maxBytes()))
    done()
  })
}

const isMultipart = ({ headers }: FastifyRequest) => /^multipart\/form-data\b/i.test(headers['content-type'] ?? '')

/** Writes the body of a request as a file. @throws GatewayError as `Media.save` does; `invalid_request` */
export async function receive(request: FastifyRequest, { media, stallMs }: UploadOptions): Promise<Saved> {
  const { raw } = request
  const timer = setTimeout(() => raw.destroy(new GatewayError('invalid_request', 'The upload stalled')), stallMs())
  const onData = () => void timer.refresh()
  try {
    if (!isMultipart(request)) {
      const source = watched(bodyOf(request), onData)
      return await media.save({ source, contentType: request.headers['content-type'] })
    }
    raw.on('data', onData)
    const part = await request.file()
    if (!part) throw new GatewayError('invalid_request', 'The form holds no file')
    return await media.save({ source: part.file, contentType: part.mimetype })
  } catch (error) {
    if (raw.destroyed && !raw.complete) throw new GatewayError('aborted', 'The upload broke off', { cause: error })
    throw error
  } finally {
    clearTimeout(timer)
    raw.off('data', onData)
  }
}

function bodyOf({ body }: FastifyRequest): Readable {
  if (body === undefined || body === null) throw new GatewayError('invalid_request', 'There is no file in the body')
  return body as Readable
}

async function* watched(source: Readable, onData: () => void): AsyncGenerator<Uint8Array> {
  // Not destroyed where the reading ends early: the answer goes out over the same connection.
  for await (const chunk of source.iterator({ destroyOnReturn: false })) {
    onData()
    yield chunk as Uint8Array
  }
}
