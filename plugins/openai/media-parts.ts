import type { FastifyInstance, FastifyRequest } from 'fastify'
import { allows, type Principal } from '../../src/access/principal.ts'
import { GatewayError } from '../../src/errors.ts'
import { KEPT, MOST_BYTES, readWhole } from '../../src/media/inline.ts'
import type { Media } from '../../src/media/media.ts'
import type { FilePart, Message, TextPart } from '../../src/models/message.ts'

const ADDRESS =
  /^(?<origin>https?:\/\/[^/]+)?(?<folder>(?:\/[^/?#]+)*)\/media\/(?<id>[A-Za-z0-9._-]{1,200})(?:\?(?<query>[^#]*))?$/

/** Whether a client may mean a file of the gateway's by this, as `/media/:id`. */
export const isMediaAddress = (url: string): boolean => url.startsWith('/') && ADDRESS.test(url)

/** The files of this gateway that messages refer to, as one request may read them. */
export interface MediaParts {
  /**
   * The messages with the bytes of these files in them.
   * @throws GatewayError `invalid_request` that names the part whose file cannot be read
   */
  inline(messages: Message[]): Promise<Message[]>
  /** The messages as they are kept: these files by their ids, which outlast signatures, and not their bytes. */
  toKeep(messages: Message[]): Message[]
}

/** @param request whose client asks, and by whose name for the gateway absolute addresses are known */
export function mediaParts({ comis, prefix }: FastifyInstance, request: FastifyRequest): MediaParts {
  const { media, config } = comis
  return createMediaParts({
    media,
    folder: prefix,
    host: request.host,
    mayReadAll: config.gateway.media.public || mayRead(request.client)
  })
}

const mayRead = (client: Principal) => allows(client, 'rpc')

interface Options {
  media: Media
  folder: string
  host: string
  /** Else only by signed addresses. */
  mayReadAll: boolean
}

function createMediaParts({ media, folder, host, mayReadAll }: Options): MediaParts {
  /** @returns undefined for an address elsewhere */
  function readAddress(url: string): { id: string; query: string } | undefined {
    const { origin, folder: below, id = '', query = '' } = ADDRESS.exec(url)?.groups ?? {}
    if (id === '' || below !== folder) return undefined
    return origin === undefined || URL.parse(origin)?.host === host ? { id, query } : undefined
  }

  function isSigned(id: string, query: string): boolean {
    const { expires, signature } = Object.fromEntries(new URLSearchParams(query))
    return media.signer.verify(id, Number(expires), signature ?? '')
  }

  /** @returns undefined for what is not ours, and goes to the provider as it is */
  function idOf({ data, field }: FilePart): string | undefined {
    if (!('url' in data)) return undefined
    if (data.url.startsWith(KEPT)) return data.url.slice(KEPT.length)
    const found = readAddress(data.url)
    if (found && (mayReadAll || isSigned(found.id, found.query))) return found.id
    if (found) throw invalid(field, 'the token may read files by signed addresses only, and this one is not')
    if (isMediaAddress(data.url)) throw invalid(field, `expected an address below ${folder}/media/`)
    return undefined
  }

  /** Of a conversation that is gone on with, what is past its time is told to the model; else to the client. */
  async function read(part: FilePart, id: string, left: number): Promise<{ part: FilePart | TextPart; size: number }> {
    try {
      const { contentType, bytes } = await readWhole(media, id, left)
      const expected = part.mediaType.split('/')[0]
      if (/^(image|audio)$/.test(expected ?? '') && !contentType.startsWith(`${expected}/`)) {
        throw invalid(part.field, `the file is ${contentType}, and no ${expected}`)
      }
      const data = { base64: bytes.toString('base64') }
      return { part: { ...part, mediaType: contentType, data }, size: bytes.length }
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code === 'invalid_request') throw error
      if (part.field !== undefined || error.code === 'too_large')
        throw invalid(part.field, WHY[error.code] ?? error.message)
      return { part: { type: 'text', text: `[a file that was here is no longer kept]` }, size: 0 }
    }
  }

  async function inline(messages: Message[]): Promise<Message[]> {
    let left = MOST_BYTES
    const all: Message[] = []
    for (const message of messages) {
      if (message.role !== 'user') {
        all.push(message)
        continue
      }
      const content: (FilePart | TextPart)[] = []
      for (const part of message.content) {
        const id = part.type === 'file' ? idOf(part) : undefined
        if (part.type !== 'file' || id === undefined) content.push(part)
        else {
          const { part: filled, size } = await read(part, id, left)
          left -= size
          content.push(filled)
        }
      }
      all.push({ ...message, content })
    }
    return all
  }

  function keep(part: FilePart | TextPart): FilePart | TextPart {
    if (part.type !== 'file') return part
    // Where it stood in one request is nowhere in the next.
    const { field: _, ...rest } = part
    const id = idOf(part)
    return id === undefined ? rest : { ...rest, data: { url: `${KEPT}${id}` } }
  }

  return {
    inline,
    toKeep: (messages) =>
      messages.map((message) =>
        message.role === 'user' ? { ...message, content: message.content.map(keep) } : message
      )
  }
}

const WHY: Partial<Record<GatewayError['code'], string>> = {
  not_found: 'there is no such file',
  gone: 'the file is past its time'
}

const invalid = (param: string | undefined, message: string) =>
  new GatewayError('invalid_request', `Invalid field: ${param ?? 'input'}: ${message}`, { param })
