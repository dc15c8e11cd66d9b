import type { PricedSums } from '../storage/port.ts'

export const NOTHING: PricedSums = {
  turns: 0,
  failed: 0,
  input: 0,
  output: 0,
  cachedInput: 0,
  reasoning: 0,
  costUsd: 0,
  unpricedTurns: 0,
  unpricedTokens: 0
}

export const addSums = (sum: PricedSums, more: PricedSums): PricedSums => ({
  turns: sum.turns + more.turns,
  failed: sum.failed + more.failed,
  input: sum.input + more.input,
  output: sum.output + more.output,
  cachedInput: sum.cachedInput + more.cachedInput,
  reasoning: sum.reasoning + more.reasoning,
  costUsd: sum.costUsd + more.costUsd,
  unpricedTurns: sum.unpricedTurns + more.unpricedTurns,
  unpricedTokens: sum.unpricedTokens + more.unpricedTokens
})
