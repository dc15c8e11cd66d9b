import { notUnderstood } from '../failures.ts'
import type { ModelEvent, ModelRequest } from '../port.ts'
import { AnswerReader } from './answer.ts'
import { moreOf } from './chunk.ts'
import type { Reading, WireReader } from './reader.ts'

/** Longest answer, in characters. */
const MAX_ANSWER = 67_108_864

/** Reads a chat completion that comes in one piece. */
export class WholeReader implements WireReader {
  readonly done = false
  readonly #providerId: string
  readonly #answer: AnswerReader
  #text = ''

  constructor(providerId: string, { settings }: Pick<ModelRequest, 'settings'>) {
    this.#providerId = providerId
    this.#answer = new AnswerReader(providerId, settings.logprobs)
  }

  read(text: string): Reading {
    this.#text += text
    return { events: [], failure: this.#text.length > MAX_ANSWER ? notUnderstood(this.#providerId) : undefined }
  }

  finish(): ModelEvent[] {
    const answer = this.#answer.parse(this.#text)
    const events = this.#answer.read(answer)
    const more = moreOf(answer.choices?.[0]?.message)
    if (more) events.push({ type: 'text', delta: '', more })
    return [...events, this.#answer.finish()]
  }

  get spent(): ModelEvent[] {
    return this.#answer.spent
  }
}
