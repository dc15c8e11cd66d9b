import { type Message, textOf } from '../models/message.ts'
import type { ModelRequest } from '../models/port.ts'
import type { TurnRequest } from '../turns/turn.ts'
import type { Amount } from './pool.ts'
import { amountOf, priceOf } from './price.ts'

/** Most tokenizers make one token of about four bytes of text. */
const BYTES_PER_TOKEN = 4
/** Of an answer whose length nobody has limited. */
const USUAL_OUTPUT = 1000

export const tokensOf = (bytes: number): number => Math.ceil(bytes / BYTES_PER_TOKEN)

/** How many tokens a model reads of messages, by their size; files are not looked into. */
export function inputTokens(messages: readonly Message[], tools: ModelRequest['tools'] = []): number {
  const bytes = messages.reduce((sum, message) => sum + bytesOf(message), 0)
  return tokensOf(tools.length > 0 ? bytes + Buffer.byteLength(JSON.stringify(tools)) : bytes)
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
