import { extname } from 'node:path'
import { MIMEType } from 'node:util'
import { fileTypeFromBuffer } from 'file-type'
import { GatewayError } from '../errors.ts'

export const UNKNOWN = 'application/octet-stream'
/** As many bytes of a file's beginning as tell its type. */
export const HEAD_BYTES = 4100

const BY_EXTENSION: Record<string, string> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.svg': 'image/svg+xml',
  '.mp3': 'audio/mpeg',
  '.wav': 'audio/wav',
  '.ogg': 'audio/ogg',
  '.oga': 'audio/ogg',
  '.opus': 'audio/ogg',
  '.m4a': 'audio/mp4',
  '.flac': 'audio/flac',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
  '.mov': 'video/quicktime',
  '.pdf': 'application/pdf',
  '.json': 'application/json',
  '.zip': 'application/zip',
  '.txt': 'text/plain; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.csv': 'text/csv; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.xml': 'application/xml'
}

export const typeOfName = (name: string): string => BY_EXTENSION[extname(name).toLowerCase()] ?? UNKNOWN

/** Without its parameters. */
export const essence = (type: string): string => (type.split(';', 1)[0] ?? '').trim().toLowerCase()

/** What a browser could run if it showed it. */
export const isActive = (type: string): boolean =>
  /^(text\/(html|xml|xsl|javascript|ecmascript|cache-manifest)|multipart\/.*|application\/(x-)?(javascript|ecmascript|xml|xhtml.*|pdf-?js)|.*\+xml|.*shockwave.*)$/.test(
    essence(type)
  )

/** Types whose files always begin as they have to: what does not is something else. */
const SURE = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/bmp',
  'image/tiff',
  'application/pdf'
])
/** Other names of one type. */
const ALIASES: Record<string, string> = {
  'image/jpg': 'image/jpeg',
  'audio/mp3': 'audio/mpeg',
  'audio/x-wav': 'audio/wav',
  'audio/wave': 'audio/wav',
  'audio/vnd.wave': 'audio/wav',
  'audio/x-flac': 'audio/flac',
  'audio/x-m4a': 'audio/mp4',
  'audio/opus': 'audio/ogg',
  'text/xml': 'application/xml',
  'application/x-zip-compressed': 'application/zip',
  'application/x-gzip': 'application/gzip'
}
/** What holds files of many types, which their beginning does not tell apart. */
const CONTAINERS: [RegExp, RegExp][] = [
  [/^application\/zip$/, /^application\/(vnd\.|java-archive|epub\+zip|zip)/],
  [/^application\/x-cfb$/, /^application\/(vnd\.ms-|msword)/],
  [/^(audio|video)\/(mp4|ogg|webm|matroska|quicktime|3gpp)$/, /^(audio|video)\//],
  [/^application\/ogg$/, /^(audio|video)\/ogg$/],
  [/^application\/xml$/, /(\+xml|\/xml|\/html)$/]
]

/** A media type as it is written (RFC 9110, section 8.3.1); undefined for what is none. */
export function readType(text: string): string | undefined {
  try {
    return new MIMEType(text).toString()
  } catch {
    return undefined
  }
}

/**
 * What a client says that it sends.
 * @throws GatewayError `unsupported_media` where that is no media type
 */
export function declaredType(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const type = readType(text)
  if (type === undefined) throw new GatewayError('unsupported_media', 'The Content-Type is not a media type')
  return type
}

const plain = (type: string) => ALIASES[essence(type)] ?? essence(type)

/**
 * The type of a file by its beginning and by what the client said.
 * @param declared as in `Content-Type`; undefined or `application/octet-stream` says nothing
 * @throws GatewayError `unsupported_media` where they contradict each other
 */
export async function typeOf(head: Uint8Array, declared: string | undefined): Promise<string> {
  const sniffed = (await fileTypeFromBuffer(head))?.mime
  if (declared === undefined || essence(declared) === UNKNOWN) return sniffed ?? UNKNOWN
  const [said, seen] = [plain(declared), sniffed && plain(sniffed)]
  if (seen === said) return declared
  if (seen === undefined && !SURE.has(said)) return declared
  if (seen && CONTAINERS.some(([holds, held]) => holds.test(seen) && held.test(said))) return declared
  throw new GatewayError('unsupported_media', `The file was declared as ${said}, and is ${seen ?? 'something else'}`)
}
