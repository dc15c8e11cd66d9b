import { GatewayError } from '../errors.ts'
import { Undeliverable } from './mapping.ts'

const LONGEST_MS = 3_600_000
/** What was refused for want of room is no failure of the delivery. */
const BUSY_MS = 2000
const LONGEST_BUSY_MS = 60_000
/** Errors that another attempt would meet again. */
const PERMANENT = new Set(['unknown_agent', 'model_not_found', 'invalid_request', 'forbidden'])

/** What is to become of a delivery whose attempt failed. */
export type Verdict = { again: false; reason: string } | { again: true; reason: string; delayMs: number; free: boolean }

export interface Attempts {
  /** Those that count, this one among them. */
  made: number
  most: number
  /** Longest wait before the second. */
  delayMs: number
  /** How often before it there was no room for it, in a row. */
  away: number
}

/**
 * Exponential back-off with full jitter: a random time up to a bound that doubles with each attempt, at least as long as
 * a provider asks to be left alone.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function judge(error: unknown, { made, most, delayMs, away }: Attempts): Verdict {
  const reason = reasonOf(error)
  if (error instanceof Undeliverable) return { again: false, reason }
  if (error instanceof GatewayError && error.code === 'busy') {
    const pause = Math.min(LONGEST_BUSY_MS, BUSY_MS * 2 ** Math.min(away, 30))
    return { again: true, reason, delayMs: pause * (0.5 + Math.random()), free: true }
  }
  if (error instanceof GatewayError && PERMANENT.has(error.code)) return { again: false, reason }
  if (made >= most) return { again: false, reason: `${reason} (attempt ${made} of ${most})` }
  const bound = Math.min(LONGEST_MS, delayMs * 2 ** Math.min(made - 1, 30))
  const atLeast = Math.min(LONGEST_MS, ((error instanceof GatewayError && error.retryAfterSeconds) || 0) * 1000)
  return { again: true, reason, delayMs: Math.max(atLeast, Math.random() * bound), free: false }
}

const MOST_REASON = 500

/** What operators are told; what is not ours may quote a secret, and is only logged. */
const reasonOf = (error: unknown): string =>
  error instanceof GatewayError || error instanceof Undeliverable
    ? error.message.slice(0, MOST_REASON)
    : 'Internal error: see the log'
