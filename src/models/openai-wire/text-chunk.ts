import type { Chunk } from './chunk.ts'

/** A chunk that brings a piece of text and nothing else. */
export interface TextChunk {
  delta: string
  /** What is passed on of it: its JSON text from after what the gateway says in its own words. */
  rest: string
}

/** What the gateway says in its own words: which completion it is, of which model, and what it used. */
export function restOf({
  id: _id,
  object: _object,
  created: _created,
  model: _model,
  usage: _usage,
  ...rest
}: Chunk): string {
  return JSON.stringify(rest).slice(1)
}

/** What ends a JSON string, or has another meaning in it than it has outside. */
const SPECIAL = /["\\\p{Cc}]/u

/**
 * The chunks of an answer are alike but for their text. One that is just as an earlier one, before its text and after it, is
 * as valid and says as much, so that it need not be parsed: that would cost more than all else that is done with it.
 */
export class ChunkPattern {
  readonly #before: string
  readonly #after: string
  readonly #restBefore: string
  readonly #restAfter: string

  private constructor([before, after]: Parts, [restBefore, restAfter]: Parts) {
    this.#before = before
    this.#after = after
    this.#restBefore = restBefore
    this.#restAfter = restAfter
  }

  /** @param data the JSON text of a chunk that brings the text `delta` and nothing else */
  static of(data: string, { delta, rest }: TextChunk): ChunkPattern | undefined {
    const whole = around(data, delta)
    const passedOn = around(rest, delta)
    return whole && passedOn && new ChunkPattern(whole, passedOn)
  }

  /** Reads a chunk; undefined for one that has to be parsed. */
  read(data: string): TextChunk | undefined {
    if (!data.startsWith(this.#before) || !data.endsWith(this.#after)) return undefined
    const end = data.length - this.#after.length
    if (end <= this.#before.length) return undefined
    const delta = data.slice(this.#before.length, end)
    return SPECIAL.test(delta) ? undefined : { delta, rest: this.#restBefore + delta + this.#restAfter }
  }
}

type Parts = [before: string, after: string]

/** Quotes inside a JSON string have a backslash before them: what is found is the key, unless there are two. */
function around(json: string, delta: string): Parts | undefined {
  const [key, another] = json.matchAll(/"content": ?"/g)
  if (!key || another) return undefined
  const start = key.index + key[0].length
  const text = JSON.stringify(delta).slice(1, -1)
  if (!json.startsWith(`${text}"`, start)) return undefined
  return [json.slice(0, start), json.slice(start + text.length)]
}
