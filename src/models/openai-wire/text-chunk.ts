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

const BACKSLASH = 0x5c
const FIRST_PRINTED = 0x20

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

  /**
   * The text of the chunk whose JSON text begins at a place, and may be followed by anything; undefined for one that has
   * to be parsed.
   */
  deltaAt(text: string, at: number): string | undefined {
    const start = at + this.#before.length
    if (text.slice(at, start) !== this.#before) return undefined // half the time of `startsWith`
    const end = text.indexOf('"', start)
    if (end <= start || text.slice(end, end + this.#after.length) !== this.#after) return undefined
    const delta = text.slice(start, end)
    return isAsItIs(delta) ? delta : undefined
  }

  /** How long the JSON text of a chunk is. */
  lengthWith(delta: string): number {
    return this.#before.length + delta.length + this.#after.length
  }

  restWith(delta: string): string {
    return this.#restBefore + delta + this.#restAfter
  }
}

/** Whether characters between quotes are a JSON string that stands for just these. */
function isAsItIs(characters: string): boolean {
  for (let i = 0; i < characters.length; i++) {
    const code = characters.charCodeAt(i)
    if (code === BACKSLASH || code < FIRST_PRINTED) return false
  }
  return true
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
