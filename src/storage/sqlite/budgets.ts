import type { DatabaseSync } from 'node:sqlite'
import type { BudgetCharge, BudgetCount, BudgetStore } from '../port.ts'
import type { AppendEvents } from './events.ts'
import type { Writer } from './writer.ts'

const CHARGE = `
  INSERT INTO budget_counts (budget, per, start, tokens, usd, told) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET tokens = tokens + excluded.tokens, usd = usd + excluded.usd, told = excluded.told`
const LIST = 'SELECT budget, per, start, tokens, usd, told FROM budget_counts WHERE start >= ? ORDER BY start'
const FORGET = 'DELETE FROM budget_counts WHERE start < ?'

/** Counts what a turn used up of a budget, within a write of another. */
export type ChargeBudget = (charge: BudgetCharge) => void

export function budgetStore(
  db: DatabaseSync,
  writer: Writer,
  append: AppendEvents
): { store: BudgetStore; charge: ChargeBudget } {
  const [add, list, forget] = [CHARGE, LIST, FORGET].map((sql) => db.prepare(sql)) as [Statement, Statement, Statement]

  const charge: ChargeBudget = ({ budget, per, start, tokens, usd, told }) =>
    void add.run(budget, per, start, tokens, usd, told)

  const store: BudgetStore = {
    async list(since) {
      return (list.all(since) as unknown as BudgetCount[]).map((row) => ({ ...row }))
    },
    charge: (charged, events) =>
      writer.run(() => {
        charge(charged)
        append(events)
      }),
    forget: (before) => writer.run(() => void forget.run(before), true)
  }
  return { store, charge }
}

type Statement = ReturnType<DatabaseSync['prepare']>
