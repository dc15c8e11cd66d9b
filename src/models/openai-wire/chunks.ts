import { createParser, type EventSourceParser } from 'eventsource-parser'
import { notUnderstood } from '../failures.ts'
import type { ModelEvent, ModelRequest } from '../port.ts'
import { AnswerReader } from './answer.ts'
import type { Chunk } from './chunk.ts'
import type { Reading, WireReader } from './reader.ts'
import { ChunkPattern, restOf } from './text-chunk.ts'

/** Longest `data:` line; a tool's arguments may come in one piece. */
const MAX_LINE = 16_777_216

/** Reads a streamed chat completion. */
export class ChunkReader implements WireReader {
  readonly #parser: EventSourceParser
  readonly #answer: AnswerReader
  readonly #passOn: boolean
  #pattern: ChunkPattern | undefined
  #events: ModelEvent[] = []
  done = false

  constructor(providerId: string, { settings, passOn }: Pick<ModelRequest, 'settings' | 'passOn'>) {
    this.#answer = new AnswerReader(providerId, settings.logprobs)
    this.#passOn = passOn === 'chunks'
    this.#parser = createParser({
      maxBufferSize: MAX_LINE,
      onEvent: ({ data }) => this.#readChunk(data),
      onError: ({ type }) => {
        if (type === 'max-buffer-size-exceeded') throw notUnderstood(providerId)
      }
    })
  }

  read(text: string): Reading {
    this.#events = []
    let failure: unknown
    try {
      this.#parser.feed(text)
    } catch (error) {
      failure = error
    }
    return { events: this.#events, failure }
  }

  finish(): ModelEvent[] {
    return [this.#answer.finish()]
  }

  get spent(): ModelEvent[] {
    return this.#answer.spent
  }

  #readChunk(data: string): void {
    const alike = this.#pattern?.read(data)
    if (alike) {
      const { delta, rest } = alike
      this.#events.push(this.#passOn ? { type: 'text', delta, rest } : { type: 'text', delta })
    } else if (data === '[DONE]') {
      this.done = true
    } else {
      const chunk = this.#answer.parse(data)
      const events = this.#answer.read(chunk)
      this.#noteText(data, chunk, events)
      this.#events.push(...events)
    }
  }

  /** Of a chunk that brings a piece of text and nothing else: those that follow are likely to be like it. */
  #noteText(data: string, chunk: Chunk, [event, another]: ModelEvent[]): void {
    if (event?.type !== 'text' || event.refusal || another) return
    if (chunk.usage || chunk.choices?.[1] || chunk.choices?.[0]?.finish_reason) return
    const rest = restOf(chunk)
    if (!event.logprobs) this.#pattern = ChunkPattern.of(data, { delta: event.delta, rest })
    if (this.#passOn) event.rest = rest
  }
}
