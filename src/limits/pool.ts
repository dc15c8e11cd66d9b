/** What work used up, or may use up. */
export interface Amount {
  tokens: number
  usd: number
}

export const NOTHING: Amount = { tokens: 0, usd: 0 }

export const plus = (one: Amount, other: Amount): Amount => ({
  tokens: one.tokens + other.tokens,
  usd: one.usd + other.usd
})

export const larger = (one: Amount, other: Amount): Amount => ({
  tokens: Math.max(one.tokens, other.tokens),
  usd: Math.max(one.usd, other.usd)
})

export const minus = (one: Amount, other: Amount): Amount => ({
  tokens: one.tokens - other.tokens,
  usd: one.usd - other.usd
})

/** Something that work uses up. Work holds what it may need for as long as it runs; nothing is used up before its end. */
export interface Pool {
  /**
   * @param own what the asking work holds itself
   * @throws GatewayError where nothing is left beside what other work holds
   */
  refuse(own: Amount): void
  /** Changes what all work that runs holds together, and has used of it so far. */
  hold(held: Amount, used: Amount): void
  /** Whether work that runs is to stop: what was used up, and what runs has used, is all there was. */
  readonly isEmpty: boolean
}
