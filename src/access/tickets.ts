import { hash, randomBytes } from 'node:crypto'
import { GatewayError } from '../errors.ts'
import type { Principal } from './principal.ts'

/** What stands in an address in place of a token. */
export interface Ticket {
  /** Opens one connection. */
  ticket: string
  /** Milliseconds since the epoch. */
  expiresAt: number
}

interface Held {
  readonly by: Principal
  /** By a clock that never goes back. */
  readonly endsAt: number
}

const LIFE_MS = 30_000
const MOST = 10_000
const MOST_OF_ONE = 100
const BYTES = 24

/** Tickets that were not used yet, by their digests, in the order in which they end. They do not outlive the process. */
export class Tickets {
  readonly #held = new Map<string, Held>()
  readonly #counts = new Map<string, number>()
  readonly #isValid: (principal: Principal) => boolean

  /** @param isValid whether what a principal came by is still valid: a ticket ends with it */
  constructor(isValid: (principal: Principal) => boolean) {
    this.#isValid = isValid
  }

  /** @throws GatewayError `busy` when the client, or all together, hold too many that were not used */
  issue(by: Principal): Ticket {
    this.#dropEnded()
    const count = this.#counts.get(by.clientId) ?? 0
    if (count >= MOST_OF_ONE || this.#held.size >= MOST) throw tooMany()
    const ticket = `cgt_${randomBytes(BYTES).toString('base64url')}`
    this.#counts.set(by.clientId, count + 1)
    this.#held.set(digestOf(ticket), { by, endsAt: performance.now() + LIFE_MS })
    return { ticket, expiresAt: Date.now() + LIFE_MS }
  }

  /** Uses a ticket up. @returns whose it is; undefined for one that is unknown, used or over */
  redeem(ticket: string): Principal | undefined {
    const digest = digestOf(ticket)
    const held = this.#held.get(digest)
    if (!held) return undefined
    this.#drop(digest, held)
    return held.endsAt > performance.now() && this.#isValid(held.by) ? held.by : undefined
  }

  #dropEnded(): void {
    const now = performance.now()
    for (const [digest, held] of this.#held) {
      if (held.endsAt > now) return
      this.#drop(digest, held)
    }
  }

  #drop(digest: string, { by }: Held): void {
    this.#held.delete(digest)
    const left = (this.#counts.get(by.clientId) ?? 1) - 1
    if (left > 0) this.#counts.set(by.clientId, left)
    else this.#counts.delete(by.clientId)
  }
}

const digestOf = (ticket: string) => hash('sha256', ticket, 'base64')

const tooMany = () =>
  new GatewayError('busy', 'Too many tickets were taken and not used', { retryAfterSeconds: LIFE_MS / 1000 })
