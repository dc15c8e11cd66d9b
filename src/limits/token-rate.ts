import { GatewayError } from '../errors.ts'
import { type Amount, NOTHING, plus, type Pool } from './pool.ts'

const SECONDS = 60
/** Clients that are remembered although they have done nothing for a minute. */
const MOST_IDLE = 1000
/** What is held by work that runs comes free when that ends, which nobody knows. */
const HELD_SECONDS = 5

/** The tokens of the last minute, a second at a time. */
class Minute {
  readonly #counts = new Float64Array(SECONDS)
  #second = 0
  sum = 0

  add(tokens: number, now: number): void {
    this.advance(now)
    this.#counts[this.#second % SECONDS] = (this.#counts[this.#second % SECONDS] ?? 0) + tokens
    this.sum += tokens
  }

  /** Drops what is older than a minute. */
  advance(now: number): void {
    const second = Math.max(this.#second, Math.floor(now / 1000))
    const steps = Math.min(second - this.#second, SECONDS)
    for (let step = 1; step <= steps; step++) {
      const index = (second - steps + step) % SECONDS
      this.sum -= this.#counts[index] ?? 0
      this.#counts[index] = 0
    }
    this.#second = second
  }

  /** Seconds until the sum is below a limit; undefined: never by waiting alone. */
  secondsUntilBelow(limit: number): number | undefined {
    let left = this.sum
    for (let age = SECONDS - 1; age >= 0; age--) {
      left -= this.#counts[(this.#second - age + SECONDS) % SECONDS] ?? 0
      if (left < limit) return SECONDS - age
    }
    return undefined
  }
}

export interface RatePool extends Pool {
  /** Counts tokens that were used up. */
  settle(tokens: number): void
}

interface State {
  minute: Minute
  held: Amount
}

/** Tokens a minute, of each client that has a limit of them: those that were settled, and those held by turns that run. */
export class TokenRates {
  readonly #clients = new Map<string, State>()

  /** @param limit tokens in any minute */
  pool(clientId: string, limit: number): RatePool {
    const state = this.#stateOf(clientId)
    return {
      refuse: (own) => refuse(state, limit, own),
      hold: (held) => void (state.held = plus(state.held, held)),
      settle: (tokens) => state.minute.add(tokens, performance.now()),
      isEmpty: false // it is about the pace: what runs goes on
    }
  }

  #stateOf(clientId: string): State {
    const known = this.#clients.get(clientId)
    if (known) return known
    if (this.#clients.size >= MOST_IDLE) this.#dropIdle()
    const state = { minute: new Minute(), held: NOTHING }
    this.#clients.set(clientId, state)
    return state
  }

  #dropIdle(): void {
    for (const [clientId, { minute, held }] of this.#clients) {
      minute.advance(performance.now())
      if (minute.sum <= 0 && held.tokens <= 0) this.#clients.delete(clientId)
    }
  }
}

function refuse({ minute, held }: State, limit: number, own: Amount): void {
  minute.advance(performance.now())
  const others = held.tokens - own.tokens
  if (minute.sum + others < limit) return
  const retryAfterSeconds = minute.secondsUntilBelow(limit - others) ?? HELD_SECONDS
  throw new GatewayError('rate_limited', `Token rate limit exceeded: ${limit} tokens per minute`, { retryAfterSeconds })
}
