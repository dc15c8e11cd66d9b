import type { Answer, Asked, Encoder, Finish, Format, Turn } from './format.ts'
import { names, usageOf } from './format.ts'
import type { Failure } from './failures.ts'
import { openaiError } from './failures.ts'
import type { JsonObject } from './wire.ts'
import { newId, objects, roleOf, textOf, typed } from './wire.ts'

/** OpenAI's responses. */
export const responses: Format = {
  reasons: false,
  read: (body) => ({
    turns: [{ role: 'system', text: textOf(body.instructions) }, ...inputOf(body.input)],
    tools: names(objects(body.tools).map((tool) => (tool.type === 'function' ? tool.name : undefined)))
  }),
  encoder: (body, asked, answer) => new ResponsesEncoder(body, asked, answer),
  failure: openaiError
}

function inputOf(input: unknown): Turn[] {
  if (typeof input === 'string') return [{ role: 'user', text: input }]
  return objects(input).map((item) => {
    if (item.type === 'function_call_output') return { role: 'tool', text: textOf(item.output) }
    return { role: roleOf(item.role, 'assistant'), text: textOf(item.content) }
  })
}

class ResponsesEncoder implements Encoder {
  readonly #asked: Asked
  readonly #answer: Answer
  readonly #common: JsonObject
  readonly #itemId = newId('item_')
  readonly #callId = newId('call_')
  #sequence = 0
  #opened = false

  constructor(body: JsonObject, asked: Asked, answer: Answer) {
    this.#asked = asked
    this.#answer = answer
    this.#common = {
      id: newId('resp_'),
      object: 'response',
      created_at: Math.floor(Date.now() / 1000),
      model: body.model,
      parallel_tool_calls: true,
      tool_choice: 'auto',
      tools: body.tools ?? []
    }
  }

  head(): string {
    return this.#ofResponse('response.created', 'in_progress') + this.#ofResponse('response.in_progress', 'in_progress')
  }

  text(delta: string): string {
    const opening = this.#opened ? '' : this.#openItem() + this.#ofPart('response.content_part.added', '')
    return opening + this.#ofText('response.output_text.delta', { delta, logprobs: [] })
  }

  reasoning(): string {
    return ''
  }

  call(): string {
    return this.#openItem()
  }

  arguments(delta: string): string {
    return this.#ofItem('response.function_call_arguments.delta', { delta })
  }

  finish(reason: Finish): string {
    const closing = this.#opened ? this.#close() : ''
    const status = statusOf(reason)
    return closing + this.#ofResponse(`response.${status}`, status)
  }

  error({ code, message, param }: Failure): string {
    return this.#event('error', { code, message, param: param ?? null })
  }

  whole(): JsonObject {
    return this.#response(statusOf(this.#answer.finish))
  }

  #openItem(): string {
    this.#opened = true
    return this.#event('response.output_item.added', { output_index: 0, item: this.#item('in_progress') })
  }

  #close(): string {
    const { text, call } = this.#answer
    const content = call
      ? this.#ofItem('response.function_call_arguments.done', { arguments: call.arguments })
      : this.#ofText('response.output_text.done', { text, logprobs: [] }) +
        this.#ofPart('response.content_part.done', text)
    return content + this.#event('response.output_item.done', { output_index: 0, item: this.#item('completed') })
  }

  #item(status: 'in_progress' | 'completed'): JsonObject {
    const { text, call } = this.#answer
    const done = status === 'completed'
    const common = { id: this.#itemId, status }
    if (call) {
      const { name } = call
      return { ...common, type: 'function_call', call_id: this.#callId, name, arguments: done ? call.arguments : '' }
    }
    return { ...common, type: 'message', role: 'assistant', content: done ? [part(text)] : [] }
  }

  #ofResponse(type: string, status: string): string {
    return this.#event(type, { response: this.#response(status) })
  }

  #response(status: string): JsonObject {
    const { finish, text, call } = this.#answer
    const reason = finish === 'length' ? 'max_output_tokens' : finish
    const going = status === 'in_progress'
    return {
      ...this.#common,
      status,
      error: null,
      incomplete_details: status === 'incomplete' ? { reason } : null,
      output: !going && (call || text !== '') ? [this.#item('completed')] : [],
      usage: going ? null : this.#usage()
    }
  }

  #usage(): JsonObject {
    const { input, output } = usageOf(this.#asked, this.#answer)
    return {
      input_tokens: input,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: input + output
    }
  }

  #ofPart = (type: string, text: string): string => this.#ofText(type, { part: part(text) })

  #ofText = (type: string, rest: JsonObject): string => this.#ofItem(type, { content_index: 0, ...rest })

  #ofItem = (type: string, rest: JsonObject): string =>
    this.#event(type, { item_id: this.#itemId, output_index: 0, ...rest })

  #event(type: string, rest: JsonObject): string {
    return typed({ type, sequence_number: this.#sequence++, ...rest })
  }
}

const part = (text: string): JsonObject => ({ type: 'output_text', annotations: [], logprobs: [], text })

const statusOf = (finish: Finish | undefined): 'completed' | 'incomplete' =>
  finish === 'length' || finish === 'content_filter' ? 'incomplete' : 'completed'
