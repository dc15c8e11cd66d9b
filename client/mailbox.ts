/** A bounded queue between what comes in and the one who reads it. */
export class Mailbox<T> {
  readonly #most: number
  #items: T[] = []
  #wake: (() => void) | undefined
  #end: { error?: unknown } | undefined

  /** @param most how many items wait at most */
  constructor(most: number) {
    this.#most = most
  }

  /** @returns whether there was room; what found none is not kept */
  put(item: T): boolean {
    if (this.#end || this.#items.length >= this.#most) return false
    this.#items.push(item)
    this.#wake?.()
    return true
  }

  /** What waits is still read; then the reader ends, or fails with the error. */
  end(error?: unknown): void {
    this.#end ??= { error }
    this.#wake?.()
  }

  /** All that waits, once something does; undefined at the end. */
  async take(): Promise<T[] | undefined> {
    while (this.#items.length === 0) {
      if (this.#end) {
        if (this.#end.error !== undefined) throw this.#end.error
        return undefined
      }
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await promise
      this.#wake = undefined
    }
    const taken = this.#items
    this.#items = []
    return taken
  }
}
