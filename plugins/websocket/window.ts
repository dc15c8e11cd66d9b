const FIRST_SIZE = 16

/** A sliding window: at most so many in any stretch of time of its length. It holds the times of those within it. */
class SlidingWindow {
  readonly #most: number
  readonly #lengthMs: number
  /** A ring, which grows as far as it has to: most sockets say little. */
  #times: Float64Array | undefined
  #first = 0
  #count = 0

  constructor({ most, lengthMs }: { most: number; lengthMs: number }) {
    this.#most = most
    this.#lengthMs = lengthMs
  }

  /**
   * Counts one, unless it is one too many.
   * @param now milliseconds of a clock that never goes back
   */
  admits(now: number): boolean {
    const times = (this.#times ??= new Float64Array(Math.min(FIRST_SIZE, this.#most)))
    while (this.#count > 0 && (times[this.#first] ?? 0) <= now - this.#lengthMs) {
      this.#first = (this.#first + 1) % times.length
      this.#count--
    }
    if (this.#count >= this.#most) return false
    const ring = this.#count < times.length ? times : this.#grow(times)
    ring[(this.#first + this.#count++) % ring.length] = now
    return true
  }

  #grow(times: Float64Array): Float64Array {
    const grown = new Float64Array(Math.min(this.#most, times.length * 2))
    grown.set(times.subarray(this.#first))
    grown.set(times.subarray(0, this.#first), times.length - this.#first)
    this.#first = 0
    return (this.#times = grown)
  }
}

export interface MessageRate {
  maxMessages: number
  windowMs: number
}

/** How much a socket may say, as the configuration is at the moment. */
export class MessageLimit {
  readonly #read: () => MessageRate
  #rate: MessageRate | undefined
  #window: SlidingWindow | undefined

  /** @param read the configured rate, asked for each message: the same object as long as it has not changed */
  constructor(read: () => MessageRate) {
    this.#read = read
  }

  /** Counts a message, unless it is one too many. */
  admits(): boolean {
    const rate = this.#read()
    if (rate !== this.#rate || !this.#window) {
      this.#rate = rate
      this.#window = new SlidingWindow({ most: rate.maxMessages, lengthMs: rate.windowMs })
    }
    return this.#window.admits(performance.now())
  }
}
