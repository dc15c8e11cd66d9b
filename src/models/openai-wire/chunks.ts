import { createParser, type EventSourceParser } from 'eventsource-parser'
import { notUnderstood } from '../failures.ts'
import type { ModelEvent, ModelRequest } from '../port.ts'
import { AnswerReader } from './answer.ts'
import { type Chunk, moreOf } from './chunk.ts'
import type { Reading, WireReader } from './reader.ts'
import { ChunkPattern, restOf } from './text-chunk.ts'

/** Longest `data:` line; a tool's arguments may come in one piece. */
const MAX_LINE = 16_777_216

const EVENT_START = 'data: '
const EVENT_END = '\n\n'

/** Reads a streamed chat completion. */
export class ChunkReader implements WireReader {
  readonly #parser: EventSourceParser
  readonly #answer: AnswerReader
  readonly #passOn: boolean
  #pattern: ChunkPattern | undefined
  #events: ModelEvent[] = []
  /** Whether what was read so far ends where an event does. */
  #isBetween = true
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
      let at = this.#readAlike(text, 0)
      while (at < text.length) at = this.#readAlike(text, this.#parse(text, at))
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

  /** Reads the events from a place on that are as an earlier one, which need no parser. @returns where they end */
  #readAlike(text: string, from: number): number {
    const pattern = this.#pattern
    if (!pattern || !this.#isBetween) return from
    let at = from
    while (text.startsWith(EVENT_START, at)) {
      const start = at + EVENT_START.length
      const delta = pattern.deltaAt(text, start)
      if (delta === undefined) return at
      const end = start + pattern.lengthWith(delta)
      if (!text.startsWith(EVENT_END, end)) return at
      this.#tellText(delta, pattern)
      at = end + EVENT_END.length
    }
    return at
  }

  /** Has the event parsed that is at a place, or what there is of it. @returns where it ends */
  #parse(text: string, from: number): number {
    const found = text.indexOf(EVENT_END, from)
    this.#isBetween = found !== -1
    const end = found === -1 ? text.length : found + EVENT_END.length
    this.#parser.feed(text.slice(from, end))
    return end
  }

  #readChunk(data: string): void {
    const pattern = this.#pattern
    const delta = pattern?.deltaAt(data, 0)
    if (pattern && delta !== undefined && pattern.lengthWith(delta) === data.length) {
      this.#tellText(delta, pattern)
    } else if (data === '[DONE]') {
      this.done = true
    } else {
      const chunk = this.#answer.parse(data)
      const events = this.#answer.read(chunk)
      if (this.#passOn && events.length === 0 && moreOf(chunk.choices?.[0]?.delta)) {
        events.push({ type: 'text', delta: '', rest: restOf(chunk) })
      }
      this.#noteText(data, chunk, events)
      this.#events.push(...events)
    }
  }

  #tellText(delta: string, pattern: ChunkPattern): void {
    this.#events.push(this.#passOn ? { type: 'text', delta, rest: pattern.restWith(delta) } : { type: 'text', delta })
  }

  /** Of a chunk that brings a piece of text and nothing else: those that follow are likely to be like it. */
  #noteText(data: string, chunk: Chunk, [event, another]: ModelEvent[]): void {
    if (event?.type !== 'text' || event.refusal || event.rest || another) return
    if (chunk.usage || chunk.choices?.[1] || chunk.choices?.[0]?.finish_reason) return
    const rest = restOf(chunk)
    if (!event.logprobs) this.#pattern = ChunkPattern.of(data, { delta: event.delta, rest })
    if (this.#passOn) event.rest = rest
  }
}
