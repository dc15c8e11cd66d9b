import type { Entry, Outcome, TurnEvent } from './event.ts'

/** Takes an entry. A promise is to be awaited before the next one. */
export type Take = (entry: Entry) => Promise<void> | undefined

const WINDOW = 64

/**
 * The way of an attached turn's entries to its one reader. As long as the reader keeps up an entry goes straight
 * through; when it does not, the writer waits. Until there is a reader at most 64 entries wait.
 */
export class TurnLog {
  readonly #stallMs: number
  readonly #onStall: () => void
  #waiting: Entry[] = []
  #seq = 0
  #take: Take | undefined
  /** The reader has not done with an entry yet. */
  #busy = false
  #bounded = true
  #ended = false
  #wakeWriter: (() => void) | undefined
  #reading = Promise.withResolvers<void>()
  #tellOpened: ((outcome: Outcome | undefined) => void) | undefined
  /** Resolves at the first event that is a model's answer to undefined, or else to the outcome of the turn. */
  readonly opened = new Promise<Outcome | undefined>((resolve) => (this.#tellOpened = resolve))

  /**
   * @param stallMs how long `append` waits for a reader that takes nothing before `onStall` is called
   */
  constructor(stallMs: number, onStall: () => void) {
    this.#stallMs = stallMs
    this.#onStall = onStall
  }

  /** Adds an event; the promise, if there is one, resolves when there is room for the next. */
  append(event: TurnEvent, at = Date.now()): Promise<void> | undefined {
    if (this.#tellOpened) this.#open(event)
    if (this.#ended) return undefined
    this.#waiting.push({ seq: ++this.#seq, at, event })
    this.#deliver()
    return this.#bounded && this.#isFull() ? this.#room() : undefined
  }

  /**
   * Hands all entries to `take`, those that wait at once. Resolves after `finished`, or when the entries are discarded;
   * rejects with what `take` throws.
   */
  read(take: Take): Promise<void> {
    this.#take = take
    this.#deliver()
    this.#wakeWriterIfRoom()
    return this.#reading.promise
  }

  /** Makes no writer wait any more: the turn is coming to its end. */
  release(): void {
    this.#bounded = false
    this.#wakeWriter?.()
  }

  /** Drops what was not read and everything to come: the reader is gone. */
  discard(): void {
    this.#ended = true
    this.#waiting = []
    this.#reading.resolve()
    this.release()
  }

  #open(event: TurnEvent): void {
    if (event.type !== 'started' && event.type !== 'finished') return
    this.#tellOpened?.(event.type === 'finished' ? event.outcome : undefined)
    this.#tellOpened = undefined
  }

  #deliver(): void {
    while (this.#take && !this.#busy) {
      const entry = this.#waiting.shift()
      if (!entry) return
      try {
        const taking = this.#take(entry)
        if (taking) this.#waitFor(taking)
      } catch (error) {
        this.#fail(error)
      }
      if (entry.event.type === 'finished') this.#end()
    }
  }

  #waitFor(taking: Promise<void>): void {
    this.#busy = true
    taking.then(
      () => {
        this.#busy = false
        this.#deliver()
        this.#wakeWriterIfRoom()
      },
      (error: unknown) => this.#fail(error)
    )
  }

  #end(): void {
    this.#ended = true
    this.#reading.resolve()
  }

  #fail(error: unknown): void {
    this.#reading.reject(error)
    this.discard()
  }

  #isFull(): boolean {
    return this.#take ? this.#busy : this.#waiting.length >= WINDOW
  }

  #wakeWriterIfRoom(): void {
    if (!this.#isFull()) this.#wakeWriter?.()
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
