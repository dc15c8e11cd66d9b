import { notAllowed } from '../access/limits.ts'
import type { ModelRef } from '../models/catalog.ts'
import type { ModelRequest } from '../models/port.ts'
import type { Usage } from '../turns/event.ts'
import type { BudgetPool, Settled } from './budgets.ts'
import { inputTokens, outputTokens, tokensOf, unheardTokens } from './estimate.ts'
import { type Amount, larger, minus, NOTHING, plus, type Pool } from './pool.ts'
import { amountOf, priceOf } from './price.ts'
import type { RatePool } from './token-rate.ts'

/** What was used in a call that was broken off, as far as it can be told. */
export interface BrokenOff {
  usage: Usage
  provider: string
  model: string
}

interface Call {
  model: ModelRef
  request: Omit<ModelRequest, 'model'>
  /** On the clock of `performance`. */
  askedAt: number
}

/**
 * What one turn uses up of what its client may. It holds an estimate for as long as the turn runs, which grows with what
 * is used, so that turns side by side cannot use up the same rest.
 */
export class Meter {
  readonly #budget: BudgetPool | undefined
  readonly #rate: RatePool | undefined
  readonly #pools: Pool[]
  #held: Amount
  #used = NOTHING
  #call: Call | undefined
  #saidBytes = 0
  #isAdmitted = false
  #isSettled = false

  /**
   * @param estimate what the turn may use
   * @throws GatewayError `budget_exceeded`, `rate_limited` where nothing is left
   */
  constructor(budget: BudgetPool | undefined, rate: RatePool | undefined, estimate: Amount) {
    this.#budget = budget
    this.#rate = rate
    this.#pools = [budget, rate].filter((pool) => pool !== undefined)
    for (const pool of this.#pools) pool.refuse(NOTHING)
    this.#held = this.#pools.length > 0 ? estimate : NOTHING
    for (const pool of this.#pools) pool.hold(this.#held, NOTHING)
  }

  /** Whether a model can be called: what is paid for from a budget in money needs a price. */
  covers(model: ModelRef): boolean {
    return !this.#budget?.isOfMoney || priceOf(model) !== undefined
  }

  /** Whether the budget is used up, so that nothing more is to be begun. */
  get isSpent(): boolean {
    return this.#budget?.isEmpty ?? false
  }

  /**
   * A model is about to be called.
   * @throws GatewayError `not_allowed` for one without a price; at the first call, as the constructor does
   */
  asks(model: ModelRef, request: Omit<ModelRequest, 'model'>): void {
    this.#call = { model, request, askedAt: performance.now() }
    this.#saidBytes = 0
    if (this.#pools.length === 0) return
    if (!this.covers(model)) throw notAllowed(unpriced(model))
    if (!this.#isAdmitted) for (const pool of this.#pools) pool.refuse(this.#held)
    this.#isAdmitted = true
    const input = inputTokens(request.messages, request.tools)
    const output = outputTokens(request.settings.maxOutputTokens)
    this.#raise(larger(this.#held, plus(this.#used, amountOf({ input, output }, priceOf(model)))))
  }

  /** A piece of an answer came. */
  says(delta: string): void {
    this.#saidBytes += Buffer.byteLength(delta)
  }

  /** The call failed before it said anything. */
  failed(): void {
    this.#call = undefined
  }

  /** The provider has told what a call used. */
  uses({ input, output }: Usage, costUsd: number): void {
    if (input + output > 0) this.#call = undefined // of a stream that broke off, that nothing was told is told too
    const more = { tokens: input + output, usd: costUsd }
    this.#used = plus(this.#used, more)
    for (const pool of this.#pools) pool.hold(NOTHING, more)
    this.#raise(larger(this.#held, this.#used))
  }

  /** What a call has used that was broken off before its provider told, by its size; undefined where there is none. */
  get brokenOff(): BrokenOff | undefined {
    if (!this.#call) return undefined
    const { model, request, askedAt } = this.#call
    const { messages, tools, passOn, settings } = request
    const unheard =
      passOn === 'whole' && this.#saidBytes === 0 ? unheardTokens(performance.now() - askedAt, settings) : 0
    const usage = { input: inputTokens(messages, tools), output: unheard + tokensOf(this.#saidBytes) }
    const estimated = usage.input + usage.output
    return { usage: { ...usage, estimated }, provider: model.providerId, model: model.model }
  }

  /**
   * Gives back what is held, and counts what was used. Does nothing when it is called again.
   * @returns what is to be stored, where there is a budget and something was used
   */
  settle(): Settled | undefined {
    if (this.#isSettled) return undefined
    this.#isSettled = true
    for (const pool of this.#pools) pool.hold(minus(NOTHING, this.#held), minus(NOTHING, this.#used))
    if (this.#used.tokens === 0 && this.#used.usd === 0) return undefined
    this.#rate?.settle(this.#used.tokens)
    return this.#budget?.settle(this.#used)
  }

  #raise(held: Amount): void {
    const more = minus(held, this.#held)
    this.#held = held
    for (const pool of this.#pools) pool.hold(more, NOTHING)
  }
}

const unpriced = ({ providerId, model }: ModelRef) =>
  `the budget of this token is in USD and the model "${providerId}/${model}" has no price: the operator can set one in ` +
  `providers.${providerId}.models`
