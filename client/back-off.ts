export interface BackOffOptions {
  /** The first wait, in milliseconds. Default 500. */
  minMs?: number
  /** The longest wait, in milliseconds. Default 15,000. */
  maxMs?: number
}

/**
 * How long to wait before the next try: twice as long each time, and up to half of that less at random, so that the
 * clients of a gateway that was restarted do not all come back at once.
 * @param tries how many have failed in a row, from 0
 */
export function backOff(tries: number, { minMs = 500, maxMs = 15_000 }: BackOffOptions): number {
  const longest = Math.min(maxMs, minMs * 2 ** Math.min(tries, 16))
  return longest * (0.5 + Math.random() / 2)
}
