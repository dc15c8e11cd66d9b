import type { Principal } from '../access/principal.ts'
import type { TokenLimits } from '../config/schema.ts'
import type { Events } from '../events/events.ts'
import type { BudgetCharge, BudgetStore, NewEvent } from '../storage/port.ts'
import { Budgets, type BudgetStatus, type Settled } from './budgets.ts'
import { Meter } from './meter.ts'
import { type Amount, NOTHING } from './pool.ts'
import { TokenRates } from './token-rate.ts'

/** What clients use up of what they may: their budgets, and their tokens a minute. */
export interface Spending {
  /**
   * Begins to count what a turn, or other work, uses up.
   * @param estimate what it may use, held for it until it is settled
   * @throws GatewayError `budget_exceeded`, `rate_limited` where nothing is left
   */
  meter(by: Principal, estimate: () => Amount): Meter
  /** How the budget of a client is; undefined where it has none. */
  status(clientId: string, limits: TokenLimits | undefined): BudgetStatus | undefined
  /** Stores what work used up that is no turn. */
  record(meter: Meter, by: Principal): Promise<void>
}

/** What is to be stored of work that has ended. */
export interface Bill {
  charge: BudgetCharge | undefined
  events: NewEvent[]
}

const DAY_MS = 86_400_000
/** A month that began this long ago may still be now. */
const LONGEST_PERIOD_MS = 32 * DAY_MS
/** How long counts of periods that are over stay. */
const KEPT_MS = 400 * DAY_MS

export async function openSpending(store: BudgetStore, events: Events): Promise<Spending> {
  const now = Date.now()
  await store.forget(now - KEPT_MS)
  const budgets = new Budgets(await store.list(now - LONGEST_PERIOD_MS))
  const rates = new TokenRates()
  return {
    meter({ clientId, limits }, estimate) {
      const budget = limits?.budget && budgets.pool(clientId, limits.budget)
      const rate = limits?.tokensPerMinute ? rates.pool(clientId, limits.tokensPerMinute) : undefined
      return new Meter(budget, rate, budget || rate ? estimate() : NOTHING)
    },
    status: (clientId, limits) => limits?.budget && budgets.pool(clientId, limits.budget).status,
    async record(meter, by) {
      const { charge, events: told } = billOf(meter, by, events)
      if (charge) await store.charge(charge, told)
    }
  }
}

/** Settles a meter. */
export function billOf(meter: Meter, { clientId }: Principal, events: Events): Bill {
  const settled = meter.settle()
  return { charge: settled?.charge, events: tellReached(settled, clientId, events) }
}

function tellReached(settled: Settled | undefined, clientId: string, events: Events): NewEvent[] {
  if (!settled?.reached) return []
  const { name, percent, budget, ...status } = settled.reached
  const { usd, tokens, per } = budget
  return [events.prepare('observability:budget', { budget: name, percent, usd, tokens, per, ...status, clientId })]
}
