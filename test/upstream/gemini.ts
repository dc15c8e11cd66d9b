import type { Answer, Asked, Encoder, Finish, Format, Turn } from './format.ts'
import { names, usageOf } from './format.ts'
import type { Failure } from './failures.ts'
import type { JsonObject } from './wire.ts'
import { isObject, newId, objects, parsedOr, roleOf, sse, textOf } from './wire.ts'

const FINISH_REASONS = { stop: 'STOP', length: 'MAX_TOKENS', tool_calls: 'STOP', content_filter: 'SAFETY' }

const STATUSES = new Map([
  [400, 'INVALID_ARGUMENT'],
  [401, 'UNAUTHENTICATED'],
  [404, 'NOT_FOUND'],
  [429, 'RESOURCE_EXHAUSTED'],
  [503, 'UNAVAILABLE']
])

/** Google's generateContent. */
export const gemini: Format = {
  reasons: false,
  read: (body) => ({
    turns: [{ role: 'system', text: partsText(body.systemInstruction) }, ...objects(body.contents).flatMap(turnsOf)],
    tools: names(objects(body.tools).flatMap((tool) => objects(tool.functionDeclarations).map(({ name }) => name)))
  }),
  encoder: (body, asked, answer) => new GeminiEncoder(body, asked, answer),
  failure: geminiError
}

const partsText = (content: unknown): string => (isObject(content) ? textOf(content.parts) : '')

/** Results of tools come as parts of a user's content; they go last, since it is them that the model answers. */
function turnsOf(content: JsonObject): Turn[] {
  const results = objects(content.parts)
    .map((part) => part.functionResponse)
    .filter(isObject)
  const turns = results.map(({ response }) => ({ role: 'tool', text: resultText(response) }))
  return [{ role: roleOf(content.role, 'user'), text: partsText(content) }, ...turns]
}

function resultText(response: unknown): string {
  if (!isObject(response)) return JSON.stringify(response ?? null)
  // The field is free-form; these are the keys that clients wrap a plain text in.
  const text = response.content ?? response.output ?? response.result
  return typeof text === 'string' ? text : JSON.stringify(response)
}

function geminiError(failure: Failure): JsonObject {
  const { status, code } = failure
  const wording = 'The input token count (9001) exceeds the maximum number of tokens allowed (8192).'
  // Its errors have no code of their own, so a client can tell this one by its wording alone.
  const message = code === 'context_length_exceeded' ? wording : failure.message
  return { error: { code: status, message, status: STATUSES.get(status) ?? 'INTERNAL' } }
}

class GeminiEncoder implements Encoder {
  readonly #model: unknown
  readonly #asked: Asked
  readonly #answer: Answer
  readonly #responseId = newId('')

  constructor(body: JsonObject, asked: Asked, answer: Answer) {
    this.#model = body.model
    this.#asked = asked
    this.#answer = answer
  }

  head(): string {
    return ''
  }

  text(text: string): string {
    return sse(this.#chunk([{ text }]))
  }

  reasoning(): string {
    return ''
  }

  call(): string {
    return ''
  }

  // A call goes out in one piece, once its arguments are complete.
  arguments(): string {
    return ''
  }

  finish(reason: Finish): string {
    const part = this.#callPart()
    const call = part ? sse(this.#chunk([part])) : ''
    return call + sse(this.#chunk([{ text: '' }], this.#finishReason(reason)))
  }

  error(failure: Failure): string {
    return sse(geminiError(failure))
  }

  whole(): JsonObject {
    const { text, finish } = this.#answer
    return this.#chunk([this.#callPart() ?? { text }], finish && this.#finishReason(finish))
  }

  #callPart(): JsonObject | undefined {
    const { call } = this.#answer
    const args = call && parsedOr(call.arguments, undefined)
    return args === undefined ? undefined : { functionCall: { name: call?.name, args } }
  }

  #finishReason(reason: Finish): string {
    return this.#answer.call && !this.#callPart() ? 'MALFORMED_FUNCTION_CALL' : FINISH_REASONS[reason]
  }

  #chunk(parts: JsonObject[], finishReason?: string): JsonObject {
    const { input, output } = usageOf(this.#asked, this.#answer)
    return {
      candidates: [{ content: { parts, role: 'model' }, ...(finishReason && { finishReason }), index: 0 }],
      usageMetadata: { promptTokenCount: input, candidatesTokenCount: output, totalTokenCount: input + output },
      modelVersion: this.#model,
      responseId: this.#responseId
    }
  }
}
