import type { Test } from 'tap'
import type { BudgetCharge, FinishedTurn, JournalEntry } from '../../src/storage/port.ts'
import type { OpenStorage } from './contract.ts'

const charge = (more: Partial<BudgetCharge> = {}): BudgetCharge => ({
  budget: 'client:alice',
  per: 'day',
  start: 1000,
  tokens: 10,
  usd: 0.5,
  told: 0,
  ...more
})
const turn = (more: Partial<FinishedTurn>): FinishedTurn => ({
  id: 'turn1',
  clientId: 'alice',
  fence: 1,
  startedAt: 1,
  finishedAt: 2,
  finishReason: 'stop',
  usage: { input: 6, output: 4 },
  output: [],
  events: [],
  ...more
})

/** What every adapter's counts of budgets have to keep to. `fresh` gives a test its own, empty store. */
export function budgetsContract(t: Test, fresh: (t: Test) => Promise<OpenStorage>): void {
  t.test('what is used up adds up, by budget and period, and stays', async (t) => {
    const open = await fresh(t)
    let storage = await open()
    await storage.budgets.charge(charge(), [])
    await storage.budgets.charge(charge({ tokens: 5, usd: 0.25, told: 80 }), [])
    await storage.budgets.charge(charge({ per: 'week' }), [])
    await storage.budgets.charge(charge({ budget: 'group:team', start: 2000 }), [])
    await storage.close()
    storage = await open()
    const counts = await storage.budgets.list(1000)
    t.same(
      counts.toSorted((one, other) => one.tokens - other.tokens).map(({ per, start, tokens }) => [per, start, tokens]),
      [
        ['week', 1000, 10],
        ['day', 2000, 10],
        ['day', 1000, 15]
      ]
    )
    t.match(
      counts.find(({ tokens }) => tokens === 15),
      charge({ tokens: 15, usd: 0.75, told: 80 })
    )
    t.same(await storage.budgets.list(2001), [])
    await storage.budgets.forget(2000)
    t.same(await storage.budgets.list(0), [charge({ budget: 'group:team', start: 2000 })])
    await storage.close()
  })

  t.test('a turn that ends is charged once, with its end', async (t) => {
    const storage = await (await fresh(t))()
    const told: JournalEntry[] = []
    storage.events.onAppended((entries) => told.push(...entries))
    t.equal(await storage.turns.finish(turn({ charge: charge() })), true)
    t.equal(await storage.turns.finish(turn({ charge: charge() })), false, 'it has ended already')
    t.same(await storage.budgets.list(0), [charge()])
    await storage.turns.finish(turn({ id: 'turn2' }))
    t.same(await storage.budgets.list(0), [charge()], 'one without a budget')
    await storage.budgets.charge(charge(), [{ type: 'x', payload: 'charged', at: 1 }])
    t.equal(told.at(-1)?.payload, 'charged')
    await storage.close()
  })
}
