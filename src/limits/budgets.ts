import type { Budget } from '../config/schema.ts'
import { GatewayError } from '../errors.ts'
import type { BudgetCharge, BudgetCount } from '../storage/port.ts'
import { periodOf } from './period.ts'
import { type Amount, NOTHING, plus, type Pool } from './pool.ts'

/** How a budget is at the moment. */
export interface BudgetStatus {
  /** In its own unit, as `left` is. */
  spent: number
  /** Never below 0. */
  left: number
  /** When its next period begins, milliseconds since the epoch. */
  resetsAt: number
}

/** A share of a budget that was reached. */
export interface Reached extends BudgetStatus {
  percent: number
  /** `client:<id>` or `group:<name>`. */
  name: string
  budget: Budget
}

export interface Settled {
  charge: BudgetCharge
  /** For the first time in this period. */
  reached: Reached | undefined
}

/** What work that runs holds of a budget, and has used of it so far. */
interface Running {
  held: Amount
  used: Amount
}

const SHARES = [100, 80]
const PERIODS = 2
/** What is held comes free when a turn ends, which nobody knows. */
const HELD_SECONDS = 5

/** The budgets: what was used up of each in its period, and what turns that run hold of it. */
export class Budgets {
  /** By budget: of the period that is now, and of the one before, for a clock that is set back. */
  readonly #counts = new Map<string, BudgetCount[]>()
  readonly #running = new Map<string, Running>()

  /** @param counts of the periods that are now, and maybe of earlier ones, the oldest first */
  constructor(counts: readonly BudgetCount[]) {
    for (const count of counts) this.#keep(count)
  }

  /** The budget of a client, or of its group. */
  pool(clientId: string, budget: Budget): BudgetPool {
    const name = budget.group === undefined ? `client:${clientId}` : `group:${budget.group}`
    const running = this.#running.get(name) ?? { held: NOTHING, used: NOTHING }
    this.#running.set(name, running)
    return new BudgetPool(name, budget, running, () => this.#countOf(name, budget.per))
  }

  #countOf(name: string, per: Budget['per']): BudgetCount {
    const { start } = periodOf(per, Date.now())
    const known = this.#counts.get(keyOf(name, per))?.find((count) => count.start === start)
    return known ?? this.#keep({ budget: name, per, start, tokens: 0, usd: 0, told: 0 })
  }

  #keep(count: BudgetCount): BudgetCount {
    const key = keyOf(count.budget, count.per)
    this.#counts.set(key, [count, ...(this.#counts.get(key) ?? [])].slice(0, PERIODS))
    return count
  }
}

/** One budget, as work draws on it. */
export class BudgetPool implements Pool {
  readonly #name: string
  readonly #budget: Budget
  readonly #running: Running
  readonly #count: () => BudgetCount
  readonly #unit: keyof Amount
  readonly #limit: number

  constructor(name: string, budget: Budget, running: Running, count: () => BudgetCount) {
    this.#name = name
    this.#budget = budget
    this.#running = running
    this.#count = count
    this.#unit = budget.usd === undefined ? 'tokens' : 'usd'
    this.#limit = budget.usd ?? budget.tokens ?? 0
  }

  /** Whether it is counted in money, so that every model needs a price. */
  get isOfMoney(): boolean {
    return this.#unit === 'usd'
  }

  get status(): BudgetStatus {
    const spent = this.#count()[this.#unit]
    const resetsAt = periodOf(this.#budget.per, Date.now()).end
    return { spent, left: Math.max(0, this.#limit - spent), resetsAt }
  }

  get isEmpty(): boolean {
    return this.#count()[this.#unit] + this.#running.used[this.#unit] >= this.#limit
  }

  refuse(own: Amount): void {
    const { left, resetsAt } = this.status
    const heldByOthers = this.#running.held[this.#unit] - own[this.#unit]
    if (left > heldByOthers) return
    const seconds = Math.max(1, Math.ceil((resetsAt - Date.now()) / 1000))
    const isSpent = left === 0
    const retryAfterSeconds = isSpent ? seconds : Math.min(seconds, HELD_SECONDS)
    throw new GatewayError('budget_exceeded', this.#describe(isSpent, resetsAt), { retryAfterSeconds })
  }

  hold(held: Amount, used: Amount): void {
    this.#running.held = plus(this.#running.held, held)
    this.#running.used = plus(this.#running.used, used)
  }

  /** Counts what was used up, in the period that is now. */
  settle(used: Amount): Settled {
    const count = this.#count()
    count.tokens += used.tokens
    count.usd += used.usd
    const percent = SHARES.find((share) => count[this.#unit] >= (this.#limit * share) / 100) ?? 0
    const isNews = percent > count.told
    count.told = percent // also where it was raised: what is reached of the new one is told again
    const reached = isNews ? { ...this.status, percent, name: this.#name, budget: this.#budget } : undefined
    return { charge: { ...count, ...used }, reached }
  }

  #describe(isSpent: boolean, resetsAt: number): string {
    const { usd, tokens, per } = this.#budget
    const size = usd === undefined ? `${tokens} tokens` : `${usd} USD`
    const named = `budget "${this.#name}" of ${size} per ${per}`
    const until = `it resets at ${new Date(resetsAt).toISOString()}`
    return isSpent ? `The ${named} is spent; ${until}` : `The rest of the ${named} is held by turns that run; ${until}`
  }
}

const keyOf = (name: string, per: Budget['per']) => `${per} ${name}`
