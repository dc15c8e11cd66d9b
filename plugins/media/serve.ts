import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { Media, Saved } from '../../src/media/media.ts'
import type { OpenMedia } from '../../src/media/store.ts'
import { isActive } from '../../src/media/types.ts'
import { precondition, type Range, rangeOf, type Validators } from './conditions.ts'
import { streamPart } from './pieces.ts'

export interface ServeOptions {
  media: Media
  isPublic: boolean
  /** After which time a client that takes nothing is cut off. */
  stallMs(): number
}

/** A file up to this size is read in one go: a stream of its own would cost more than the reading. */
const SMALL_BYTES = 65_536
const MOST_CACHED_SECONDS = 3600
const ACTIVE_CSP = "default-src 'none'; sandbox"

/** Answers with a file, or a part of it. @throws GatewayError as `Media.open` does */
export async function serveFile(reply: FastifyReply, id: string, { media, isPublic, stallMs }: ServeOptions) {
  const file = await media.open(id)
  let streams = false
  try {
    const { headers, method } = reply.request
    const validators = validatorsOf(file)
    void reply.headers(headersOf(file, validators, isPublic))
    const status = precondition(headers, validators)
    if (status === 304) return sendNothing(reply.code(304))
    if (status === 412) return refuse(reply, 412, 'Precondition Failed')
    const range = method === 'GET' ? rangeOf(headers, file.size, validators) : undefined
    if (range === 'none') {
      void reply.header('content-range', `bytes */${file.size}`)
      return refuse(reply, 416, 'Range Not Satisfiable')
    }
    const part = range ?? { start: 0, end: file.size - 1 }
    const length = part.end - part.start + 1
    void reply.header('content-length', length).type(file.contentType)
    if (range) void reply.code(206).header('content-range', `bytes ${part.start}-${part.end}/${file.size}`)
    if (method === 'HEAD' || length === 0) return sendNothing(reply)
    if (length <= SMALL_BYTES) return reply.send(await readPart(file, part, length))
    streams = true
    reply.leaving()
    cutOffStalled(reply, stallMs())
    return reply.send(streamPart(file.handle, part, reply.raw))
  } finally {
    if (!streams) await file.handle.close()
  }
}

/** Node takes the time back for the next request on the connection, unless idle ones are kept open for ever. */
function cutOffStalled({ raw }: FastifyReply, stallMs: number): void {
  const { socket } = raw
  raw.setTimeout(stallMs, () => raw.destroy())
  raw.once('finish', () => {
    if (socket?.timeout === stallMs) socket.setTimeout(0)
  })
}

/** Fastify's own route for `HEAD` takes the length of what is sent, unless that is a stream. */
const sendNothing = (reply: FastifyReply) => reply.send(reply.request.method === 'HEAD' ? Readable.from([]) : null)

async function readPart({ handle }: OpenMedia, { start }: Range, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length)
  let at = 0
  while (at < length) {
    const { bytesRead } = await handle.read(bytes, at, length - at, start + at)
    if (bytesRead === 0) throw new Error('a media file became shorter while it was read')
    at += bytesRead
  }
  return bytes
}

function refuse(reply: FastifyReply, status: number, message: string): FastifyReply {
  void reply.removeHeader('content-disposition').header('cache-control', 'no-store')
  const none = { param: undefined, reason: undefined, retryAfterSeconds: undefined }
  return reply.fail({ status, message, code: 'invalid_request', ...none })
}

const validatorsOf = ({ size, savedAt }: Saved): Validators => ({
  etag: `"${size.toString(16)}-${savedAt.toString(16)}"`,
  modified: Math.floor(savedAt / 1000)
})

function headersOf({ id, contentType, expiresAt }: Saved, { etag, modified }: Validators, isPublic: boolean) {
  const left = expiresAt === null ? MOST_CACHED_SECONDS : Math.floor((expiresAt - Date.now()) / 1000)
  const kind = isActive(contentType) ? 'attachment' : 'inline'
  return {
    etag,
    'last-modified': new Date(modified * 1000).toUTCString(),
    'accept-ranges': 'bytes',
    'cache-control': `${isPublic ? 'public' : 'private'}, max-age=${Math.max(0, Math.min(left, MOST_CACHED_SECONDS))}`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': ACTIVE_CSP,
    'content-disposition': `${kind}; filename="${id}"`,
    'referrer-policy': 'no-referrer'
  }
}
