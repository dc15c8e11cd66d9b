import { GatewayError } from '../errors.ts'
import type { FilePart, Message } from './message.ts'

/** The files of a conversation. */
export function filesIn(messages: Message[]): FilePart[] {
  return messages.flatMap(({ role, content }) =>
    role === 'user' ? content.filter((part) => part.type === 'file') : []
  )
}

/** Words by which a provider tells which kind of file it does not take. */
const KINDS: [RegExp, (mediaType: string) => boolean][] = [
  [/image|picture|vision/i, (type) => type.startsWith('image/')],
  [/audio|sound/i, (type) => type.startsWith('audio/')],
  [/video/i, (type) => type.startsWith('video/')],
  [/file|document|pdf/i, (type) => !/^(image|audio|video)\//.test(type)]
]

/** The file that a provider means, by the kind it names; undefined where it names none that was sent. */
export function fileMeant(files: FilePart[], said: string): FilePart | undefined {
  const named = files.find(({ mediaType }) => said.includes(mediaType))
  if (named) return named
  for (const [words, isKind] of KINDS) {
    const file = words.test(said) ? files.find(({ mediaType }) => isKind(mediaType)) : undefined
    if (file) return file
  }
  return undefined
}

/** A file that a provider does not take, as an error that names it as the client does. */
export function partRefused({ field, mediaType }: FilePart, said: string, cause?: unknown): GatewayError {
  const message = `The model does not take ${field ? `${field} (${mediaType})` : `a part of the type ${mediaType}`}: ${said}`
  return new GatewayError('invalid_request', message, { param: field, reason: 'unsupported_content', cause })
}
