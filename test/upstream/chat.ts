import type { Answer, Asked, Encoder, Finish, Format } from './format.ts'
import { names, usageOf } from './format.ts'
import type { Failure } from './failures.ts'
import { openaiError } from './failures.ts'
import type { JsonObject } from './wire.ts'
import { isObject, newId, objects, roleOf, sse, textOf, words } from './wire.ts'

/** OpenAI's chat completions, which most other providers speak too. */
export const chat: Format = {
  reasons: true,
  read: (body) => ({
    turns: objects(body.messages).map(({ role, content }) => ({ role: roleOf(role, 'user'), text: textOf(content) })),
    tools: names(objects(body.tools).map((tool) => (isObject(tool.function) ? tool.function.name : undefined)))
  }),
  encoder: (body, asked, answer) => new ChatEncoder(body, asked, answer),
  failure: openaiError
}

class ChatEncoder implements Encoder {
  readonly #asked: Asked
  readonly #answer: Answer
  readonly #includeUsage: boolean
  readonly #common: JsonObject
  readonly #withLogprobs: boolean
  readonly #callIds: string[] = []

  constructor(body: JsonObject, asked: Asked, answer: Answer) {
    this.#asked = asked
    this.#answer = answer
    this.#includeUsage = isObject(body.stream_options) && body.stream_options.include_usage === true
    this.#withLogprobs = body.logprobs === true
    this.#common = {
      id: newId('chatcmpl-'),
      object: 'chat.completion.chunk',
      created: Math.floor(Date.now() / 1000),
      model: body.model,
      service_tier: 'default',
      system_fingerprint: 'fp_upstream'
    }
  }

  head(): string {
    return this.#delta({ role: 'assistant', content: '', refusal: null })
  }

  text(content: string): string {
    const logprobs = this.#withLogprobs ? { content: [likely(content)], refusal: null } : null
    return this.#delta({ content }, null, logprobs)
  }

  refusal(refusal: string): string {
    return this.#delta({ refusal })
  }

  reasoning(delta: string): string {
    return this.#delta({ reasoning_content: delta })
  }

  call(name: string): string {
    const id = newId('call_')
    const index = this.#callIds.push(id) - 1
    return this.#delta({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] })
  }

  arguments(delta: string): string {
    return this.#delta({ tool_calls: [{ index: this.#callIds.length - 1, function: { arguments: delta } }] })
  }

  finish(reason: Finish): string {
    const usage = this.#includeUsage ? sse({ ...this.#common, choices: [], usage: this.#usage() }) : ''
    return this.#annotations() + this.#delta({}, reason) + usage + sse('[DONE]')
  }

  error(failure: Failure): string {
    return sse(openaiError(failure))
  }

  whole(): JsonObject {
    const choice = { index: 0, message: this.#message(), logprobs: this.#likely(), finish_reason: this.#answer.finish }
    return { ...this.#common, object: 'chat.completion', choices: [choice], usage: this.#usage() }
  }

  #delta(delta: JsonObject, reason: Finish | null = null, logprobs: JsonObject | null = null): string {
    const choices = [{ index: 0, delta, logprobs, finish_reason: reason }]
    // OpenAI puts the field into every chunk once usage is asked for, filled in the last alone.
    return sse({ ...this.#common, choices, ...(this.#includeUsage && { usage: null }) })
  }

  /** Servers that search the web tell what they found beside the text. */
  #annotations(): string {
    return this.#common.model === 'annotated' ? this.#delta({ annotations: ANNOTATIONS }) : ''
  }

  #likely(): JsonObject | null {
    return this.#withLogprobs ? { content: words(this.#answer.text).map(likely), refusal: null } : null
  }

  #message(): JsonObject {
    const { text, refusal, reasoning, calls } = this.#answer
    const tools = calls.map((called, index) => ({ id: this.#callIds[index], type: 'function', function: called }))
    return {
      role: 'assistant',
      content: tools.length > 0 || refusal ? null : text,
      refusal: refusal || null,
      ...(this.#common.model === 'annotated' && { annotations: ANNOTATIONS }),
      ...(reasoning !== '' && { reasoning_content: reasoning }),
      ...(tools.length > 0 && { tool_calls: tools })
    }
  }

  #usage(): JsonObject {
    const { input, output } = usageOf(this.#asked, this.#answer)
    return {
      prompt_tokens: input,
      completion_tokens: output,
      total_tokens: input + output,
      ...(this.#common.model === 'usage' ? DETAILS : this.#details())
    }
  }

  #details(): JsonObject {
    return {
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: words(this.#answer.reasoning).length }
    }
  }
}

const ANNOTATIONS: JsonObject[] = [
  { type: 'url_citation', url_citation: { url: 'https://example.com/a', title: 'A', start_index: 0, end_index: 3 } }
]

/** What `usage` tells of its tokens, whatever is true. */
const DETAILS: JsonObject = {
  prompt_tokens_details: { cached_tokens: 11, audio_tokens: 12 },
  completion_tokens_details: {
    reasoning_tokens: 13,
    audio_tokens: 14,
    accepted_prediction_tokens: 15,
    rejected_prediction_tokens: 16
  }
}

const likely = (token: string): JsonObject => ({
  token,
  logprob: -0.5,
  bytes: [...Buffer.from(token)],
  top_logprobs: []
})
