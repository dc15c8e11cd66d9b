import type { Test } from 'tap'
import type { FinishedTurn, JournalEntry, Storage, UsageSums } from '../../src/storage/port.ts'
import type { OpenStorage } from './contract.ts'

const HOUR = 3_600_000
/** Midnight of some day. */
const DAY = 20_000 * 24 * HOUR

let made = 0
async function turn(storage: Storage, finishedAt: number, more: Partial<FinishedTurn> = {}): Promise<string> {
  const id = more.id ?? `turn${++made}`
  const clientId = more.session?.clientId ?? 'alice'
  if (more.session) {
    const begun = { clientId, session: more.session, agentId: 'default', fence: 1, startedAt: finishedAt, input: [] }
    await storage.turns.begin({ ...begun, id, events: [], eventsIfNew: [] })
  }
  await storage.turns.finish({
    clientId,
    provider: 'up',
    model: 'words',
    fence: 1,
    startedAt: finishedAt,
    finishedAt,
    finishReason: 'stop',
    usage: { input: 10, output: 5 },
    costUsd: 0.5,
    output: [],
    events: [],
    ...more,
    id
  })
  return id
}

const sums = (more: Partial<UsageSums> = {}): object => ({
  turns: 1,
  failed: 0,
  input: 10,
  output: 5,
  cachedInput: 0,
  reasoning: 0,
  costUsd: 0.5,
  ...more
})

/** How every storage adapter counts what turns used. */
export function usageContract(t: Test, fresh: (t: Test) => Promise<OpenStorage>): void {
  t.test('turns are counted once, with all that they used, also over a restart', async (t) => {
    const open = await fresh(t)
    let storage = await open()
    t.same(await storage.usage.byModel({}), [])
    t.equal(await storage.usage.since(), undefined)
    const id = await turn(storage, DAY, { usage: { input: 10, output: 5, cachedInput: 4, reasoning: 3 } })
    await turn(storage, DAY, { id })
    await turn(storage, DAY + 1, { finishReason: 'error', provider: undefined, model: undefined, costUsd: undefined })
    await turn(storage, DAY + 2, { finishReason: 'aborted', agentId: 'default', costUsd: undefined })
    await storage.close()
    storage = await open()
    const priced = { unpricedTurns: 0, unpricedTokens: 0 }
    t.same(await storage.usage.byModel({}), [
      { provider: undefined, model: undefined, ...sums({ failed: 1, costUsd: 0 }), ...priced },
      {
        provider: 'up',
        model: 'words',
        ...sums({ turns: 2, input: 20, output: 10, cachedInput: 4, reasoning: 3 }),
        unpricedTurns: 1,
        unpricedTokens: 15
      }
    ])
    t.match(await storage.usage.byAgent({}), [
      { agentId: undefined, turns: 2, failed: 1 },
      { agentId: 'default', turns: 1, unpricedTurns: 1 }
    ])
    t.equal(await storage.usage.since(), DAY)
    await storage.close()
  })

  t.test('any stretch of hours, of all clients and of one', async (t) => {
    const storage = await (await fresh(t))()
    const hours = [-25, -24, -1, 0, 1, 23, 24, 47, 48, 50]
    const turns = hours.flatMap((hour) => [
      turn(storage, DAY + hour * HOUR),
      turn(storage, DAY + (hour + 1) * HOUR - 1, { clientId: 'bob' })
    ])
    await Promise.all(turns)
    const bounds = [undefined, ...Array.from({ length: 80 }, (_, index) => index - 28)]
    const at = (hour: number | undefined) => (hour === undefined ? undefined : DAY + hour * HOUR)
    for (const since of bounds) {
      for (const until of bounds) {
        const expected = hours.filter((hour) => hour >= (since ?? -99) && hour < (until ?? 99)).length
        const range = { since: at(since), until: at(until) }
        const [own] = await storage.usage.byModel({ ...range, clientId: 'bob' })
        const [all] = await storage.usage.byModel(range)
        if (own?.turns === (expected || undefined) && all?.turns === (expected * 2 || undefined)) continue
        t.same([own?.turns, all?.turns], [expected, expected * 2], `from ${since} to ${until}`)
      }
    }
    t.same(
      (await storage.usage.byHour({ since: DAY, until: DAY + 24 * HOUR })).map(({ start, turns }) => [start, turns]),
      [0, 1, 23].map((hour) => [DAY + hour * HOUR, 2])
    )
    t.equal((await storage.usage.byHour({ clientId: 'nobody' })).length, 0)
    await storage.close()
  })

  t.test('sessions, the largest first', async (t) => {
    const storage = await (await fresh(t))()
    const sessions = [
      { clientId: 'alice', key: 'small' },
      { clientId: 'alice', key: 'large' },
      { clientId: 'bob', key: 'large' }
    ]
    for (const [index, session] of sessions.entries()) {
      for (let n = 0; n <= index; n++) await turn(storage, DAY + index, { session, agentId: 'default' })
    }
    const [small, large, bobs] = sessions
    await turn(storage, DAY + 9) // in no session
    t.same(await storage.usage.bySession({ limit: 10 }), [
      { ...bobs, lastAt: DAY + 2, ...sums({ turns: 3, input: 30, output: 15, costUsd: 1.5 }) },
      { ...large, lastAt: DAY + 1, ...sums({ turns: 2, input: 20, output: 10, costUsd: 1 }) },
      { ...small, lastAt: DAY, ...sums() }
    ])
    t.match(await storage.usage.bySession({ limit: 1 }), [bobs])
    t.match(await storage.usage.bySession({ limit: 10, clientId: 'alice' }), [large, small])
    t.match(await storage.usage.bySession({ limit: 10, clientId: 'alice', since: DAY + 1 }), [large])
    t.same(await storage.usage.bySession({ limit: 10, since: DAY + 3 }), [])
    t.same(await storage.usage.bySession({ limit: 10, clientId: 'nobody' }), [])

    const many = Array.from({ length: 6000 }, async (_, n) => {
      const usage = { input: 100 + ((n * 7919) % 6000), output: 0 }
      await turn(storage, DAY, { session: { clientId: 'many', key: `k${n}` }, agentId: 'default', usage })
    })
    await Promise.all(many)
    const order = (await storage.usage.bySession({ limit: 1000, clientId: 'many' })).map(({ input }) => input)
    t.same(
      order,
      Array.from({ length: 1000 }, (_, index) => 6099 - index)
    )
    t.equal((await storage.usage.bySession({ limit: 1000 })).length, 1000)
    await storage.close()
  })

  t.test('a turn whose process is gone has failed, once', async (t) => {
    const storage = await (await fresh(t))()
    const session = { clientId: 'alice', key: 's' }
    const begun = { id: 'gone', clientId: 'alice', session, agentId: 'default', fence: 1, startedAt: DAY, input: [] }
    await storage.turns.begin({ ...begun, events: [], eventsIfNew: [] })
    for (let n = 0; n < 2; n++) {
      await storage.turns.abandon(DAY + HOUR, () => ({ type: 'x', payload: '{}', at: DAY }))
    }
    const failed = sums({ failed: 1, input: 0, output: 0, costUsd: 0 })
    t.match(await storage.usage.byAgent({}), [{ agentId: 'default', ...failed, unpricedTurns: 0 }])
    t.match(await storage.usage.byHour({ clientId: 'alice' }), [{ start: DAY + HOUR, ...failed }])
    t.match(await storage.usage.bySession({ limit: 1 }), [{ ...session, lastAt: DAY + HOUR, ...failed }])
    await storage.close()
  })

  t.test('a reset forgets all sums, and tells what they were', async (t) => {
    const open = await fresh(t)
    let storage = await open()
    const told: JournalEntry[] = []
    storage.events.onAppended((entries) => told.push(...entries))
    await turn(storage, DAY, { session: { clientId: 'alice', key: 's' }, agentId: 'default' })
    await turn(storage, DAY + 30 * HOUR)
    const reset = (at: number) =>
      storage.usage.reset(at, ({ turns, input }) => [{ type: 'reset', payload: `${turns} ${input}`, at }])
    await reset(DAY + 40 * HOUR)
    t.match(told, [{ payload: '2 20' }])
    t.same(await storage.usage.byModel({}), [])
    t.same(await storage.usage.bySession({ limit: 1 }), [])
    await turn(storage, DAY + 41 * HOUR)
    await storage.close()
    storage = await open()
    t.match(await storage.usage.byModel({}), [{ turns: 1 }])
    t.equal(await storage.usage.since(), DAY + 40 * HOUR)
    await reset(DAY + 50 * HOUR)
    t.equal(await storage.usage.since(), DAY + 50 * HOUR)
    await storage.close()
  })
}
