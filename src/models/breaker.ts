/** When a breaker opens and for how long. */
export interface BreakerOptions {
  /** Failures in a row that open it; 0: it never opens. */
  failures: number
  /** How long it stays open at first, in milliseconds; each time it opens anew, twice as long, up to five minutes. */
  cooldownMs: number
}

/** A breaker as it is told. */
export interface BreakerState {
  status: 'closed' | 'open' | 'half_open'
  /** Failures in a row. */
  failures: number
  /** When the next call is let through, in milliseconds since the epoch; undefined while it is closed. */
  retryAt?: number
}

/** A call that was let through. What an earlier one comes to says nothing of how things are since. */
export type Pass = number

const LONGEST_COOLDOWN_MS = 300_000
/** Failures further apart than this are not in a row: longer than the longest usual silence of a provider. */
const SAME_ROW_MS = 600_000

/**
 * Keeps calls away from what fails. After some failures in a row it is open and refuses calls; after a while it lets
 * one through (half-open), and closes when that is answered. The first failure after this opens it again.
 */
export class Breaker {
  readonly #options: BreakerOptions
  #status: BreakerState['status'] = 'closed'
  #failures = 0
  #failedAt = 0
  #cooldownMs = 0
  #retryAt = 0
  #onTrial = false
  /** How often it has opened: tells calls from before from those since. */
  #openings = 0

  constructor(options: BreakerOptions) {
    this.#options = options
  }

  get state(): BreakerState {
    const told = { status: this.#status, failures: this.#failures }
    return this.#status === 'closed' ? told : { ...told, retryAt: this.#retryAt }
  }

  /** Whether calls are refused now. */
  get refuses(): boolean {
    if (this.#status === 'closed') return false
    return this.#status === 'half_open' || Date.now() < this.#retryAt
  }

  /**
   * Lets a call through; one of the three methods below has to be told of its end.
   * @param force also while it is open
   * @returns undefined for a call that is refused
   */
  admit(force = false): Pass | undefined {
    if (this.refuses) return force ? this.#openings : undefined
    if (this.#status === 'open') this.#status = 'half_open'
    return this.#openings
  }

  /** The call is being answered: others need not wait for its end. */
  answered(pass: Pass): void {
    if (pass !== this.#openings || this.#status === 'closed') return
    this.#status = 'closed'
    this.#onTrial = true
  }

  worked(pass: Pass): void {
    if (pass !== this.#openings) return
    this.#status = 'closed'
    this.#failures = 0
    this.#cooldownMs = 0
    this.#onTrial = false
  }

  failed(pass: Pass): void {
    if (pass !== this.#openings || this.#status === 'open') return
    const now = Date.now()
    this.#failures = now - this.#failedAt > SAME_ROW_MS ? 1 : this.#failures + 1
    this.#failedAt = now
    const { failures } = this.#options
    const tooMany = failures > 0 && this.#failures >= failures
    if (this.#status === 'half_open' || this.#onTrial || tooMany) this.#open(now)
  }

  /** The call came to no end that says anything: the next one is let through in its place. */
  dropped(pass: Pass): void {
    if (pass === this.#openings && this.#status === 'half_open') this.#status = 'open'
  }

  #open(now: number): void {
    const { cooldownMs } = this.#options
    const longest = Math.max(cooldownMs, LONGEST_COOLDOWN_MS)
    this.#cooldownMs = this.#cooldownMs === 0 ? cooldownMs : Math.min(this.#cooldownMs * 2, longest)
    this.#status = 'open'
    this.#retryAt = now + this.#cooldownMs
    this.#onTrial = false
    this.#openings += 1
  }
}
