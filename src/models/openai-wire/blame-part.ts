import type { GatewayError } from '../../errors.ts'
import { readBody } from '../failures.ts'
import type { FilePart, Message } from '../message.ts'
import { fileMeant, filesIn, partRefused } from '../refused-part.ts'
import { toWire } from './request.ts'

export interface Refusal {
  status: number
  body: string
  messages: Message[]
}

/** Servers that know only text are told by statuses of all kinds, but in these words. */
const NOT_TAKEN =
  /\b(image|audio|video|file|vision)s?\b.{0,60}not (be )?support|(not|n't) support.{0,40}\b(image|audio|video|file|vision)/i
const TEXT_ALONE = /content.{0,60}(must be|expected|should be|valid) (a )?(valid )?`?(string|text)|expected `?text/i

/** The error that names a file which the provider refused; undefined where it refused something else. */
export function blamePart(error: GatewayError, { status, body, messages }: Refusal): GatewayError | undefined {
  const files = filesIn(messages)
  if (files.length === 0 || error.reason === 'context_length_exceeded') return undefined
  const { message = '' } = readBody(body)
  const says = NOT_TAKEN.test(message)
  if (error.code !== 'invalid_request' && !(says && (status === 404 || status === 500))) return undefined
  const part = partAt(body, messages) ?? fileMeant(files, message)
  const file = part ?? (says || TEXT_ALONE.test(message) ? files[0] : undefined)
  return file && partRefused(file, message || 'no reason was given', error.cause)
}

/** The part at the place that an error names, as `messages[1].content[0]`. */
function partAt(body: string, messages: Message[]): FilePart | undefined {
  const [, message, part] = /messages\W{1,3}(\d{1,6})\W{1,4}content\W{1,3}(\d{1,6})/.exec(body) ?? []
  if (message === undefined) return undefined
  const sent = messages.flatMap((each) => toWire(each, false).map(() => each))[Number(message)]
  const found = sent?.role === 'user' ? sent.content[Number(part)] : undefined
  return found?.type === 'file' ? found : undefined
}
