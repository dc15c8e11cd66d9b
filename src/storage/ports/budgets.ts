import type { Budget } from '../../config/schema.ts'
import type { NewEvent } from './events.ts'

/** What was used up of a budget in one of its periods. */
export interface BudgetCount {
  /** `client:<id>` or `group:<name>`. */
  budget: string
  per: Budget['per']
  /** The start of the period, milliseconds since the epoch. */
  start: number
  tokens: number
  usd: number
  /** The highest share in percent that was told of, 0 for none. */
  told: number
}

/** What is added to a count; `told` takes the place of what it was. */
export type BudgetCharge = BudgetCount

/** What was used up of budgets. What turns use up is counted with their end, by `turns.finish`. */
export interface BudgetStore {
  /** The counts of all periods that began at a time or later, the oldest first. */
  list(since: number): Promise<BudgetCount[]>
  /** Counts what was used up beside turns. */
  charge(charge: BudgetCharge, events: NewEvent[]): Promise<void>
  /** Forgets the counts of periods that began before a time. */
  forget(before: number): Promise<void>
}
