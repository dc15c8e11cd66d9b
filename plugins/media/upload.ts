import { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GatewayError } from '../../src/errors.ts'
import { type Media, type Saved, tooLarge } from '../../src/media/media.ts'
import { MOST_ENVELOPE_BYTES, readForm } from './form.ts'

/** Has the routes of this scope take bodies as streams. */
export async function takeStreams(scope: FastifyInstance, { maxBytes }: { maxBytes(): number }): Promise<void> {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  scope.addHook('onRequest', (request, _reply, done) => {
    const most = maxBytes() + (isForm(request) ? MOST_ENVELOPE_BYTES : 0)
    done(Number(request.headers['content-length'] ?? 0) > most ? tooLarge(maxBytes()) : undefined)
  })
}

const isForm = ({ headers }: FastifyRequest) => /^multipart\/form-data\b/i.test(headers['content-type'] ?? '')

/**
 * Writes the body of a request as a file. A client that leaves, or whose token is revoked, leaves nothing.
 * @throws GatewayError as `Media.save` does; `invalid_request` for a body without a file; `aborted`
 */
export async function receive(reply: FastifyReply, media: Media): Promise<Saved> {
  const { request } = reply
  const { raw, headers } = request
  const leaving = reply.leaving()
  try {
    const body = bodyOf(request)
    const { clientId } = request.client
    if (isForm(request)) return await media.save({ ...(await readForm(body, headers, leaving)), clientId })
    return await media.save({ source: readOnce(body), contentType: headers['content-type'], clientId })
  } catch (error) {
    if (raw.destroyed && !raw.complete) throw new GatewayError('aborted', 'The upload broke off', { cause: error })
    throw error
  }
}

/**
 * The pieces of a body, whose memory goes back as soon as each is used. Left to the garbage collector, which does not see how
 * much hangs on a piece, some fifty megabytes of them would wait.
 */
async function* readOnce(body: Readable): AsyncGenerator<Uint8Array> {
  const isOurs = body instanceof IncomingMessage
  // Not destroyed where the reading ends early: the answer goes out over the same connection.
  for await (const piece of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array<ArrayBuffer>>) {
    yield piece
    if (isOurs && piece.byteLength === piece.buffer.byteLength) piece.buffer.transfer(0)
  }
}

function bodyOf({ body }: FastifyRequest): Readable {
  if (body === undefined || body === null) throw new GatewayError('invalid_request', 'There is no file in the body')
  return body as Readable
}
