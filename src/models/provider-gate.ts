import type { ProviderConfig } from '../config/schema.ts'
import { GatewayError } from '../errors.ts'
import { Breaker, type BreakerState, type Pass } from './breaker.ts'

/** Whether a model is to be called now, and why not. Only what is behind an open breaker must not be called at all. */
export type Standing = 'ready' | 'auth_cooldown' | 'rate_limited' | 'circuit_open'

/** How a provider is called, as it is told. */
export interface GateState {
  breaker: BreakerState
  /** Until when it is left alone since it refuses the credentials, in milliseconds since the epoch. */
  authCooldownUntil?: number
}

const AUTH_COOLDOWN_MS = 60_000
/** Of a provider that limits the rate of calls and does not say until when. */
const USUAL_LIMIT_MS = 5000
const LONGEST_LIMIT_MS = 300_000
const MOST_LIMITED = 100

/** What the last calls of a provider say of the next one. It lasts as long as the provider's configuration. */
export class ProviderGate {
  readonly id: string
  readonly config: ProviderConfig
  readonly #breaker: Breaker
  #refusedUntil = 0
  /** Models, and until when the provider limits the rate of their calls. */
  readonly #limited = new Map<string, number>()

  constructor(id: string, config: ProviderConfig) {
    this.id = id
    this.config = config
    this.#breaker = new Breaker(config.breaker)
  }

  get state(): GateState {
    const isRefused = Date.now() < this.#refusedUntil
    return { breaker: this.#breaker.state, ...(isRefused && { authCooldownUntil: this.#refusedUntil }) }
  }

  standing(model: string): Standing {
    if (this.#breaker.refuses) return 'circuit_open'
    if (this.#refusedUntil > 0 && Date.now() < this.#refusedUntil) return 'auth_cooldown'
    const limit = this.#limited.get(model)
    return limit !== undefined && Date.now() < limit ? 'rate_limited' : 'ready'
  }

  /**
   * Lets a call through, of whose end the gate has to be told.
   * @param force also while the breaker is open
   * @throws GatewayError `provider_failed` with the reason `circuit_open`
   */
  admit(force: boolean): Pass {
    const pass = this.#breaker.admit(force)
    if (pass === undefined) throw this.#refusal()
    return pass
  }

  answered(pass: Pass): void {
    this.#breaker.answered(pass)
  }

  worked(pass: Pass, model: string): void {
    this.#breaker.worked(pass)
    this.#refusedUntil = 0
    if (this.#limited.size > 0) this.#limited.delete(model)
  }

  /**
   * A call failed. A limited rate and a request that is at fault are answers of a provider that works.
   * @returns until when the provider is left alone, where that begins now; in milliseconds since the epoch
   */
  failed(pass: Pass, model: string, error: unknown): number | undefined {
    if (!(error instanceof GatewayError)) this.#breaker.dropped(pass)
    else if (error.code === 'provider_failed' || error.code === 'provider_timeout') this.#breaker.failed(pass)
    else if (error.code === 'provider_refused') return this.#refused(pass)
    else {
      this.#breaker.worked(pass)
      if (error.code === 'provider_rate_limited') this.#limit(model, error.retryAfterSeconds)
    }
    return undefined
  }

  /** A call was given up, for a reason that is not the provider's. */
  dropped(pass: Pass): void {
    this.#breaker.dropped(pass)
  }

  #refused(pass: Pass): number | undefined {
    this.#breaker.failed(pass)
    const now = Date.now()
    if (now < this.#refusedUntil) return undefined
    this.#refusedUntil = now + AUTH_COOLDOWN_MS
    return this.#refusedUntil
  }

  #limit(model: string, seconds = USUAL_LIMIT_MS / 1000): void {
    const [oldest] = this.#limited.keys()
    if (oldest !== undefined && this.#limited.size >= MOST_LIMITED) this.#limited.delete(oldest)
    this.#limited.set(model, Date.now() + Math.min(seconds * 1000, LONGEST_LIMIT_MS))
  }

  #refusal(): GatewayError {
    const { failures, retryAt = 0 } = this.#breaker.state
    const retryAfterSeconds = Math.max(1, Math.ceil((retryAt - Date.now()) / 1000))
    const message = `The provider "${this.id}" is not called for now: ${failures} calls in a row failed`
    return new GatewayError('provider_failed', message, { reason: CIRCUIT_OPEN, retryAfterSeconds })
  }
}

const CIRCUIT_OPEN = 'circuit_open'
