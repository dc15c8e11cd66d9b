/**
 * A line in which many wait for one worker, and take turns. Who has just come is served next, so that a single text
 * does not wait for thousands; but never two of those in a row while someone else waits, so that thousands get on too.
 */
export class Line<T> {
  readonly #fresh = new Set<T>()
  readonly #waiting = new Set<T>()
  #lastWasFresh = false

  get size(): number {
    return this.#fresh.size + this.#waiting.size
  }

  /** Someone comes. */
  join(one: T): void {
    this.#fresh.add(one)
  }

  /** Someone who has been served has more to do. */
  rejoin(one: T): void {
    this.#waiting.add(one)
  }

  leave(one: T): void {
    this.#fresh.delete(one)
    this.#waiting.delete(one)
  }

  /** Takes out the one whose turn it is. */
  next(): T | undefined {
    const freshFirst = this.#waiting.size === 0 || !this.#lastWasFresh
    const from = freshFirst && this.#fresh.size > 0 ? this.#fresh : this.#waiting
    const [one] = from.size > 0 ? from : this.#fresh
    if (one === undefined) return undefined
    this.#lastWasFresh = this.#fresh.has(one)
    this.leave(one)
    return one
  }

  /** Everyone, who are then no longer in the line. */
  clear(): T[] {
    const all = [...this.#fresh, ...this.#waiting]
    this.#fresh.clear()
    this.#waiting.clear()
    return all
  }
}
