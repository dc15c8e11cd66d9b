import type { Test } from 'tap'
import { userText } from '../../src/models/message.ts'
import type { JournalEntry, NewEvent } from '../../src/storage/port.ts'
import type { OpenStorage } from './contract.ts'

const event = (payload: string, more: Partial<NewEvent> = {}): NewEvent => ({ type: 'x', payload, at: 1, ...more })
const many = (count: number, more: Partial<NewEvent> = {}) =>
  Array.from({ length: count }, (_, n) => event(`${n + 1}`, more))
const ids = (entries: readonly JournalEntry[]) => entries.map(({ id }) => id)

/** What the journal of every storage adapter has to keep to. */
export function journalContract(t: Test, fresh: (t: Test) => Promise<OpenStorage>): void {
  t.test('what is appended is numbered, kept whole and read from any place on', async (t) => {
    const open = await fresh(t)
    let storage = await open()
    t.same(await storage.events.bounds(), { first: 1, last: 0 })
    t.same(await storage.events.after(0, 10), [])
    const whole = { type: 'a:b', payload: '{"ü":1}', at: 77, agentId: 'a', sessionKey: 's', owner: 'alice' }
    await storage.events.append([whole, event('2')])
    await storage.events.append([event('3', { owner: 'bob' })], true)
    await storage.close()
    storage = await open()
    t.same(await storage.events.bounds(), { first: 1, last: 3 })
    const [first, ...rest] = await storage.events.after(0, 10)
    t.same(first, { id: 1, ...whole })
    t.same(ids(rest), [2, 3])
    t.same(ids(await storage.events.after(1, 1)), [2], 'the oldest of those that are asked for')
    t.same(ids(await storage.events.after(3, 10)), [])
    t.same(ids(await storage.events.latest(2, undefined)), [2, 3], 'oldest first')
    t.same(ids(await storage.events.latest(2, 'alice')), [1, 2], 'what is another client’s is not counted')
    t.same(ids(await storage.events.latest(10, 'carol')), [2])
    await storage.close()
  })

  t.test('what is too old, or too much, is dropped; numbers only grow', async (t) => {
    const open = await fresh(t)
    let storage = await open()
    await storage.events.append(many(3000, { at: 100 }))
    await storage.events.append(many(3000, { at: 200 }))
    await storage.events.prune(100, 10_000)
    t.same(await storage.events.bounds(), { first: 1, last: 6000 }, 'neither')
    await storage.events.prune(101, 10_000)
    t.same(await storage.events.bounds(), { first: 3001, last: 6000 }, 'by age')
    await storage.events.prune(101, 500)
    t.same(await storage.events.bounds(), { first: 5501, last: 6000 }, 'by count')
    t.same(ids(await storage.events.after(0, 2)), [5501, 5502])
    await storage.events.prune(0, 0)
    t.same(await storage.events.bounds(), { first: 6001, last: 6000 }, 'all of it')
    await storage.close()
    storage = await open()
    t.same(await storage.events.bounds(), { first: 6001, last: 6000 })
    await storage.events.append([event('next')])
    t.same(ids(await storage.events.after(0, 10)), [6001])
    await storage.close()
  })

  t.test('they are told after their commit, in their order, whoever stored them', async (t) => {
    const storage = await (await fresh(t))()
    const told: JournalEntry[] = []
    const kept: Promise<JournalEntry[]>[] = []
    storage.events.onAppended((entries) => {
      told.push(...entries)
      kept.push(storage.events.after((entries[0]?.id ?? 0) - 1, entries.length))
    })
    const session = { clientId: 'alice', key: 's1' }
    const turn = { clientId: 'alice', session, agentId: 'default', fence: 1, startedAt: 1, input: [userText('hello')] }
    await Promise.allSettled([
      storage.events.append([event('one')], true),
      storage.turns.begin({ ...turn, id: 't1', eventsIfNew: [event('created')], events: [event('received')] }),
      storage.turns.begin({ ...turn, id: 't1', eventsIfNew: [event('never')], events: [event('never')] }),
      storage.events.append([event('never'), event(null as never)]),
      storage.events.append([event('two'), event('three')]),
      storage.config.record({ at: 1, source: 'start', paths: [], config: '{}', overlay: '{}' }, [event('patched')])
    ])
    await storage.events.append([event('last')], true)
    const expected = ['one', 'created', 'received', 'two', 'three', 'patched', 'last']
    t.same(
      told.map(({ payload }) => payload),
      expected,
      'what failed is not told'
    )
    t.same(
      ids(told),
      expected.map((_, n) => n + 1),
      'and leaves no hole'
    )
    t.same((await Promise.all(kept)).flat(), await storage.events.after(0, 10), 'each was kept when it was told')
    t.match(await storage.events.after(0, 10), told)
    await storage.close()
  })
}
