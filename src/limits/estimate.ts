import { type FilePart, type Message, textOf } from '../models/message.ts'
import type { ModelRequest } from '../models/port.ts'
import type { TurnRequest } from '../turns/turn.ts'
import type { Amount } from './pool.ts'
import { amountOf, priceOf } from './price.ts'

/** Most tokenizers make one token of about four bytes of text. */
const BYTES_PER_TOKEN = 4
/** Of an answer whose length nobody has limited. */
const USUAL_OUTPUT = 1000

export const tokensOf = (bytes: number): number => Math.ceil(bytes / BYTES_PER_TOKEN)

/** Of an image that is looked at closely: providers count some 250 to 1,600, by its size in pixels. */
const IMAGE_TOKENS = 1000
/** Of one that is looked at from afar (`detail: "low"`), as OpenAI counts it. */
const SMALL_IMAGE_TOKENS = 85
/** Of a document or a sound of which nothing more is known: it stands at an address of its own. */
const FILE_TOKENS = 1000
/** A compressed page of a document is some 80 KB, and 2,000 tokens. */
const BYTES_PER_DOCUMENT_TOKEN = 40
/** A second of compressed sound is some 16 KB, and 10 to 32 tokens. */
const BYTES_PER_SOUND_TOKEN = 500

/** How many tokens a model reads of messages, by their size, and of files by their kind and size. */
export function inputTokens(messages: readonly Message[], tools: ModelRequest['tools'] = []): number {
  const bytes = messages.reduce((sum, message) => sum + bytesOf(message), 0)
  const files = messages.reduce((sum, message) => sum + filesOf(message), 0)
  return files + tokensOf(tools.length > 0 ? bytes + Buffer.byteLength(JSON.stringify(tools)) : bytes)
}

function filesOf({ content }: Message): number {
  if (typeof content === 'string') return 0
  return content.reduce((sum, part) => (part.type === 'file' ? sum + fileTokens(part) : sum), 0)
}

function fileTokens({ mediaType, data, detail }: FilePart): number {
  if (mediaType.startsWith('image/')) return detail === 'low' ? SMALL_IMAGE_TOKENS : IMAGE_TOKENS
  if (!('base64' in data)) return FILE_TOKENS
  const bytes = Buffer.byteLength(data.base64, 'base64')
  if (mediaType.startsWith('text/') || mediaType === 'application/json') return tokensOf(bytes)
  const isSound = /^(audio|video)\//.test(mediaType)
  return Math.ceil(bytes / (isSound ? BYTES_PER_SOUND_TOKEN : BYTES_PER_DOCUMENT_TOKEN))
}

function bytesOf(message: Message): number {
  const text = Buffer.byteLength(textOf(message))
  if (typeof message.content === 'string') return text
  const others = message.content.filter(({ type }) => type === 'tool_call' || type === 'tool_result')
  return others.length > 0 ? text + Buffer.byteLength(JSON.stringify(others)) : text
}

/** How many tokens a model may write, where nothing else is known of it. */
export const outputTokens = (limit: number | undefined): number => limit ?? USUAL_OUTPUT

/** About as fast as models write. */
const TOKENS_PER_SECOND = 100

/** What a model may have written meanwhile, of an answer that comes in one piece and did not. */
export const unheardTokens = (ms: number, { maxOutputTokens = Infinity }: ModelRequest['settings']): number =>
  Math.min(maxOutputTokens, Math.ceil((ms / 1000) * TOKENS_PER_SECOND))

/** What a turn may use, as far as it can be told before its model is known. */
export function estimateOf({ input, settings, target, tools }: Omit<TurnRequest, 'id'>): Amount {
  const model = 'model' in target ? target.model : undefined
  const limit = 'agent' in target ? target.agent.config.maxOutputTokens : undefined
  const usage = { input: inputTokens(input, tools), output: outputTokens(settings.maxOutputTokens ?? limit) }
  return amountOf(usage, model && priceOf(model))
}
