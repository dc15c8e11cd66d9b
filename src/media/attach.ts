import { GatewayError } from '../errors.ts'
import type { FilePart, Message, TextPart } from '../models/message.ts'
import { KEPT, MOST_BYTES, readWhole, type WholeFile } from './inline.ts'
import type { Media } from './media.ts'
import { essence } from './types.ts'

/** A file of the gateway's that goes with a message. */
export interface Attachment {
  id: string
  /** What its sender calls it. */
  name?: string
}

/**
 * Files as parts of a message that is kept: by their ids, and not with their bytes.
 * @throws GatewayError `invalid_request` that names the one that is not there, or is too large to be read by a model
 */
export async function attach(media: Media, attachments: readonly Attachment[]): Promise<FilePart[]> {
  let left = MOST_BYTES
  const parts: FilePart[] = []
  for (const [index, { id, name }] of attachments.entries()) {
    const { contentType, size } = await media.stat(id).catch((error: unknown) => refuse(index, error))
    left -= size
    if (left < 0) throw refused(index, `all files together may have ${MOST_BYTES} bytes`)
    parts.push({ type: 'file', mediaType: essence(contentType), filename: name, data: { url: `${KEPT}${id}` } })
  }
  return parts
}

function refuse(index: number, error: unknown): never {
  if (error instanceof GatewayError && error.code === 'not_found') throw refused(index, 'there is no such file')
  if (error instanceof GatewayError && error.code === 'gone') throw refused(index, 'the file is past its time')
  throw error
}

const refused = (index: number, why: string) =>
  new GatewayError('invalid_request', `Invalid field: attachments.${index}: ${why}`, { param: `attachments.${index}` })

/**
 * A conversation with the bytes of the files that are named in it, as a model is given it. The newest come first: what there
 * is no room for, and what is past its time, is told in its place.
 */
export async function withFiles(media: Media, messages: Message[]): Promise<Message[]> {
  let left = MOST_BYTES

  async function read(part: FilePart, id: string): Promise<FilePart | TextPart> {
    try {
      const file = await readWhole(media, id, left)
      left -= file.bytes.length
      return filled(part, file)
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      return { type: 'text', text: `[the file ${part.filename ?? ''} that was here cannot be read any more]` }
    }
  }

  const all: Message[] = []
  for (const message of messages.toReversed()) {
    if (message.role !== 'user' || !message.content.some(isKept)) all.push(message)
    else {
      const content: (FilePart | TextPart)[] = []
      for (const part of message.content) content.push(isKept(part) ? await read(part, idOf(part)) : part)
      all.push({ ...message, content })
    }
  }
  return all.toReversed()
}

type KeptPart = FilePart & { data: { url: string } }

const isKept = (part: FilePart | TextPart): part is KeptPart =>
  part.type === 'file' && 'url' in part.data && part.data.url.startsWith(KEPT)
const idOf = ({ data }: KeptPart) => data.url.slice(KEPT.length)

/** Every model reads text, and few of them files that hold it. */
function filled(part: FilePart, { contentType, bytes }: WholeFile): FilePart | TextPart {
  if (/^text\/|^application\/(json|xml)$/.test(contentType)) {
    return { type: 'text', text: `\n\nThe file ${part.filename ?? ''}:\n\n${bytes.toString('utf8')}` }
  }
  return { ...part, mediaType: contentType, data: { base64: bytes.toString('base64') } }
}
