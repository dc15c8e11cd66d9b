import type { Entry, TurnEvent } from './event.ts'

const WINDOW = 64

/**
 * The entries of an attached turn on their way to its one reader. At most 64 wait: then `append` waits too, so that a
 * slow reader slows the provider instead of filling memory.
 */
export class TurnLog {
  readonly #stallMs: number
  readonly #onStall: () => void
  #waiting: Entry[] = []
  #unread = 0
  #seq = 0
  #closed = false
  #bounded = true
  #wakeReader: (() => void) | undefined
  #open: () => void = () => {}
  /** Resolves at the first event, unless that is `finished`. */
  readonly opened = new Promise<undefined>((resolve) => (this.#open = () => resolve(undefined)))
  #wakeWriter: (() => void) | undefined

  /**
   * @param stallMs how long `append` waits for a reader that takes nothing before `onStall` is called
   */
  constructor(stallMs: number, onStall: () => void) {
    this.#stallMs = stallMs
    this.#onStall = onStall
  }

  /** Adds an event; the promise, if there is one, resolves when there is room for the next. */
  append(event: TurnEvent): Promise<void> | undefined {
    if (this.#closed) return undefined
    this.#waiting.push({ seq: ++this.#seq, at: Date.now(), event })
    this.#unread++
    if (event.type === 'finished') this.#closed = true
    else if (this.#seq === 1) this.#open()
    this.#wakeReader?.()
    return this.#bounded && this.#unread >= WINDOW ? this.#room() : undefined
  }

  /** Makes no writer wait any more: the turn is coming to its end. */
  release(): void {
    this.#bounded = false
    this.#wakeWriter?.()
  }

  /** Drops what was not read and everything to come: the reader is gone. */
  discard(): void {
    this.#closed = true
    this.#waiting = []
    this.#wakeReader?.()
    this.release()
  }

  /** All that waits, each time something does. */
  async *read(): AsyncGenerator<Entry[]> {
    for (;;) {
      const entries = this.#waiting
      if (entries.length > 0) {
        this.#waiting = []
        yield entries
        // They count as waiting until the reader comes back for more.
        this.#unread -= entries.length
        if (this.#unread <= WINDOW / 2) this.#wakeWriter?.()
        continue
      }
      if (this.#closed) return
      await new Promise<void>((resolve) => (this.#wakeReader = resolve))
      this.#wakeReader = undefined
    }
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(this.#onStall, this.#stallMs)
      this.#wakeWriter = () => {
        clearTimeout(timer)
        this.#wakeWriter = undefined
        resolve()
      }
    })
  }
}
