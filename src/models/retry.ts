import { setTimeout as wait } from 'node:timers/promises'
import { GatewayError } from '../errors.ts'

const BASE_MS = 250
const LONGEST_BACKOFF_MS = 8000
/** Longest time that a provider may ask for, in seconds: above it whoever asked is told, and has not waited in vain. */
const LONGEST_RETRY_AFTER = 5

/**
 * How long to wait before a call that failed is made again: what the provider asked for, or else a random time that may
 * be twice as long after each failure, so that those who failed together do not come back together.
 * @param failures how often it has failed, from 1 on
 * @param random from 0 to 1
 * @returns milliseconds; undefined for what is not worth another call: a time-out, refused credentials, a wrong request
 */
export function retryDelayMs(error: unknown, failures: number, random: number = Math.random()): number | undefined {
  if (!(error instanceof GatewayError)) return undefined
  if (error.code !== 'provider_failed' && error.code !== 'provider_rate_limited') return undefined
  const { retryAfterSeconds } = error
  if (retryAfterSeconds === undefined) return random * Math.min(BASE_MS * 2 ** (failures - 1), LONGEST_BACKOFF_MS)
  return retryAfterSeconds > LONGEST_RETRY_AFTER ? undefined : retryAfterSeconds * 1000 + random * BASE_MS
}

export interface RetryOptions {
  /** Calls after the first one. */
  maxRetries: number
  /** Ends the waiting at once. */
  signal: AbortSignal
  /** Whether another call may be made at all. Default: yes. */
  may?: () => boolean
}

/** Makes a call of a provider, and makes it again where that may help. Throws what the last one threw, or the signal's reason. */
export async function retrying<T>(
  call: () => Promise<T>,
  { maxRetries, signal, may = () => true }: RetryOptions
): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await call()
    } catch (error) {
      const delayMs = failures <= maxRetries && !signal.aborted && may() ? retryDelayMs(error, failures) : undefined
      if (delayMs === undefined) throw error
      await wait(delayMs, undefined, { signal }).catch(() => signal.throwIfAborted())
      // Others may have found out meanwhile that it is of no use.
      if (!may()) throw error
    }
  }
}
