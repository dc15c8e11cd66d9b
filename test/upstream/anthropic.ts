import type { Answer, Asked, Encoder, Finish, Format, Turn } from './format.ts'
import { names, usageOf } from './format.ts'
import type { Failure } from './failures.ts'
import type { JsonObject } from './wire.ts'
import { newId, objects, parsedOr, roleOf, textOf, typed } from './wire.ts'

const STOP_REASONS = { stop: 'end_turn', length: 'max_tokens', tool_calls: 'tool_use', content_filter: 'refusal' }

const ERROR_TYPES = new Map([
  [400, 'invalid_request_error'],
  [401, 'authentication_error'],
  [404, 'not_found_error'],
  [429, 'rate_limit_error'],
  [503, 'overloaded_error']
])

/** Anthropic's messages. */
export const anthropic: Format = {
  reasons: false,
  read: (body) => ({
    turns: [{ role: 'system', text: textOf(body.system) }, ...objects(body.messages).flatMap(turnsOf)],
    tools: names(objects(body.tools).map((tool) => tool.name))
  }),
  encoder: (body, asked, answer) => new AnthropicEncoder(body, asked, answer),
  failure: anthropicError
}

/** Results of tools come as blocks of a user's message; they go last, since it is them that the model answers. */
function turnsOf({ role, content }: JsonObject): Turn[] {
  const results = objects(content).filter((block) => block.type === 'tool_result')
  const turns = results.map((block) => ({ role: 'tool', text: textOf(block.content) }))
  return [{ role: roleOf(role, 'user'), text: textOf(content) }, ...turns]
}

function anthropicError(failure: Failure): JsonObject & { type: string } {
  const type = ERROR_TYPES.get(failure.status) ?? 'api_error'
  return { type: 'error', error: { type, message: wordingOf(failure) }, request_id: newId('req_') }
}

function wordingOf({ code, message }: Failure): string {
  // Its errors have no code, so a client can tell this one by its wording alone.
  return code === 'context_length_exceeded' ? 'prompt is too long: 9001 tokens > 8192 maximum' : message
}

class AnthropicEncoder implements Encoder {
  readonly #model: unknown
  readonly #asked: Asked
  readonly #answer: Answer
  readonly #messageId = newId('msg_')
  readonly #callId = newId('toolu_')
  #opened = false

  constructor(body: JsonObject, asked: Asked, answer: Answer) {
    this.#model = body.model
    this.#asked = asked
    this.#answer = answer
  }

  head(): string {
    const message = { ...this.#message([], null), usage: this.#usage(1) }
    return typed({ type: 'message_start', message })
  }

  text(text: string): string {
    const opening = this.#opened ? '' : this.#open({ type: 'text', text: '' })
    return opening + delta({ type: 'text_delta', text })
  }

  reasoning(): string {
    return ''
  }

  call(name: string): string {
    return this.#open({ type: 'tool_use', id: this.#callId, name, input: {} })
  }

  arguments(fragment: string): string {
    return delta({ type: 'input_json_delta', partial_json: fragment })
  }

  finish(reason: Finish): string {
    const { input, output } = usageOf(this.#asked, this.#answer)
    const ending = {
      type: 'message_delta',
      delta: { stop_reason: STOP_REASONS[reason], stop_sequence: null },
      usage: { input_tokens: input, output_tokens: output }
    }
    const closing = this.#opened ? typed({ type: 'content_block_stop', index: 0 }) : ''
    return closing + typed(ending) + typed({ type: 'message_stop' })
  }

  error(failure: Failure): string {
    return typed(anthropicError(failure))
  }

  whole(): JsonObject {
    const { text, call, finish, chunks } = this.#answer
    const input = call && parsedOr(call.arguments, call.arguments)
    const block = call ? { type: 'tool_use', id: this.#callId, name: call.name, input } : { type: 'text', text }
    const message = this.#message([block], finish ? STOP_REASONS[finish] : null)
    return { ...message, usage: this.#usage(chunks) }
  }

  #open(block: JsonObject): string {
    this.#opened = true
    return typed({ type: 'content_block_start', index: 0, content_block: block }) + typed({ type: 'ping' })
  }

  #message(content: JsonObject[], stopReason: string | null): JsonObject {
    return {
      id: this.#messageId,
      type: 'message',
      role: 'assistant',
      model: this.#model,
      content,
      stop_reason: stopReason,
      stop_sequence: null
    }
  }

  #usage(output: number): JsonObject {
    const { input } = usageOf(this.#asked, this.#answer)
    return {
      input_tokens: input,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: output
    }
  }
}

const delta = (of: JsonObject): string => typed({ type: 'content_block_delta', index: 0, delta: of })
