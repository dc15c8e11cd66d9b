import type { Test } from 'tap'
import { userText } from '../../src/models/message.ts'
import type { FinishedTurn, NewDelivery, NewEvent, Storage } from '../../src/storage/port.ts'
import type { OpenStorage } from './contract.ts'

const delivery = (n: number, more: Partial<NewDelivery> = {}): NewDelivery => ({
  id: `d${n}`,
  mappingId: 'm',
  senderId: `s${n}`,
  turnId: `t${n}`,
  receivedAt: n,
  payload: `{"n":${n}}`,
  headers: { a: 'b' },
  query: {},
  path: 'p',
  ...more
})
const event = (payload = '{}'): NewEvent => ({ type: 'x', payload, at: 1 })
const claimAll = (storage: Storage, now = 1000, limit = 10) =>
  storage.deliveries.claim(now, limit, ({ id }) => [event(id)])
const session = { clientId: 'webhook:m', key: 'k' }
const begun = {
  clientId: 'webhook:m',
  session,
  agentId: 'a',
  fence: 1,
  startedAt: 1,
  events: [],
  eventsIfNew: [],
  again: true
}
const finished = (n: number, more: Partial<FinishedTurn> = {}): FinishedTurn => ({
  id: `t${n}`,
  clientId: 'webhook:m',
  session,
  agentId: 'a',
  fence: 1,
  startedAt: 1,
  finishedAt: 50,
  finishReason: 'stop',
  usage: { input: 1, output: 1 },
  output: [{ role: 'assistant', content: [{ type: 'text', text: 'hi' }] }],
  events: [],
  ...more
})

/** What every storage adapter has to keep to, of deliveries. `fresh` gives a test its own, empty store. */
export function deliveryContract(t: Test, fresh: (t: Test) => Promise<OpenStorage>): void {
  t.test('a name is accepted once for a mapping, and tells once', async (t) => {
    const storage = await (await fresh(t))()
    const { deliveries, events } = storage
    const accepted = await Promise.all([
      deliveries.accept(delivery(1), 'waiting', [event()]),
      deliveries.accept(delivery(2, { senderId: 's1' }), 'waiting', [event()]),
      deliveries.accept(delivery(3, { senderId: 's1', mappingId: 'other' }), 'done', [event()])
    ])
    t.same(accepted, [true, false, true])
    t.equal((await events.bounds()).last, 2)
    t.match(await deliveries.get('d1'), { ...delivery(1), state: 'waiting', attempts: 0, dueAt: 1 })
    t.equal(await deliveries.get('d2'), undefined)
    t.same(await deliveries.counts(), [
      { mappingId: 'm', state: 'waiting', count: 1 },
      { mappingId: 'other', state: 'done', count: 1 }
    ])
    await storage.close()
  })

  t.test('what is due is claimed once, the oldest first, and given back after a crash', async (t) => {
    const open = await fresh(t)
    let storage = await open()
    for (const n of [1, 2, 3]) await storage.deliveries.accept(delivery(n), 'waiting', [])
    t.equal(await storage.deliveries.nextDue(), 1)
    t.same(
      (await claimAll(storage, 2, 1)).map(({ id, attempts }) => [id, attempts]),
      [['d1', 1]]
    )
    t.same(
      (await claimAll(storage, 2)).map(({ id }) => id),
      ['d2'],
      'not what is due later'
    )
    t.same(await claimAll(storage, 2), [])
    await storage.close()
    storage = await open()
    t.equal(await storage.deliveries.release(5), 2)
    t.match(await storage.deliveries.get('d1'), { state: 'waiting', dueAt: 5, attempts: 1, interruptions: 1 })
    t.equal((await claimAll(storage)).length, 3)
    await storage.close()
  })

  t.test('of a lane one is claimed at a time, in the order of arrival', async (t) => {
    const storage = await (await fresh(t))()
    const { deliveries } = storage
    for (const n of [1, 2, 3]) await deliveries.accept(delivery(n, { lane: 'l' }), 'waiting', [])
    await deliveries.accept(delivery(4, { lane: 'other' }), 'waiting', [])
    const claimed = async () => (await claimAll(storage)).map(({ id }) => id)
    t.same(await claimed(), ['d1', 'd4'])
    await deliveries.settle('d1', 9, { to: 'waiting', dueAt: 20, reason: 'r', free: false }, [])
    t.same(await claimed(), ['d1'], 'what is tried again stays ahead')
    t.equal(await deliveries.nextDue(), undefined)
    t.equal(await deliveries.discard('d2', 9, false, []), true)
    await deliveries.settle('d1', 9, { to: 'done' }, [])
    await deliveries.replay('d1', 10, 'new', [])
    t.same(await claimed(), ['d3'])
    await deliveries.settle('d3', 9, { to: 'dead', reason: 'r' }, [])
    t.same(await claimed(), ['d1'])
    t.equal(await deliveries.discard('d1', 40, false, []), false)
    t.equal(await deliveries.discard('d1', 40, true, []), true)
    await storage.close()
  })

  t.test('an attempt settles once', async (t) => {
    const storage = await (await fresh(t))()
    const { deliveries } = storage
    for (const n of [1, 2, 3]) await deliveries.accept(delivery(n), 'waiting', [])
    await claimAll(storage)
    t.equal(await deliveries.settle('d1', 9, { to: 'done' }, [event()]), true)
    t.equal(await deliveries.settle('d1', 9, { to: 'dead', reason: 'r' }, [event()]), false)
    await deliveries.settle('d2', 9, { to: 'waiting', dueAt: 20, reason: 'r', free: true }, [])
    t.match(await deliveries.get('d2'), { state: 'waiting', attempts: 0, dueAt: 20, reason: 'r' })
    await deliveries.settle('d3', 9, { to: 'dead', reason: 'r' }, [])
    t.equal(await deliveries.replay('d2', 30, 'new', []), false)
    t.equal(await deliveries.replay('d3', 30, 'new', []), true)
    t.match(await deliveries.get('d3'), { state: 'waiting', turnId: 't3', attempts: 0, reason: undefined })
    await deliveries.replay('d1', 30, 'new', [])
    t.match(await deliveries.get('d1'), { state: 'waiting', turnId: 'new' })
    t.equal(await deliveries.discard('d1', 40, false, []), true)
    t.equal(await deliveries.discard('d1', 40, false, []), false)
    await storage.close()
  })

  t.test('the end of a turn is that of its delivery, once, and an attempt takes back the one before', async (t) => {
    const storage = await (await fresh(t))()
    const { deliveries, turns } = storage
    await deliveries.accept(delivery(1), 'waiting', [])
    await claimAll(storage)
    await turns.begin({ ...begun, id: 't1', input: [userText('hello')] })
    await turns.finish(finished(1, { finishReason: 'error', errorCode: 'provider_failed' }))
    t.match(await deliveries.get('d1'), { state: 'running' }, 'one that failed ends nothing')
    await turns.begin({ ...begun, id: 't1', fence: 2, input: [userText('hello')] })
    const fulfils = { deliveryId: 'd1', answer: { channel: 'c', to: 'you', text: 'hi' } }
    t.equal(await turns.finish(finished(1, { fulfils })), false, 'an old fence')
    t.equal(await turns.finish(finished(1, { fence: 2, fulfils })), true)
    t.match(await deliveries.get('d1'), {
      state: 'waiting',
      sending: true,
      attempts: 0,
      dueAt: 50,
      answer: { to: 'you' }
    })
    t.match(await storage.sessions.get(session), { messages: 2 })
    t.equal((await storage.sessions.conversation(session, 9)).messages.length, 2)
    await t.rejects(turns.begin({ ...begun, id: 't1', input: [userText('hello')] }), /has ended already/)
    await storage.close()
  })

  t.test('what is held is handed in with one turn, and held again if that fails', async (t) => {
    const storage = await (await fresh(t))()
    const { deliveries, turns } = storage
    await deliveries.accept(delivery(1), 'waiting', [])
    await claimAll(storage)
    await deliveries.settle('d1', 9, { to: 'held', agentId: 'a', text: 'psst' }, [])
    t.same(await deliveries.heldFor(), ['a'])
    const whole = { session: undefined, output: [], toHandedIn: () => event('"handed"') }
    t.match(await deliveries.handIn('a', 'x1', 9, 1000), { texts: [{ id: 'd1', text: 'psst' }], more: true })
    t.match(await deliveries.handIn('a', 'x2', 9, 1000), { texts: [], more: true })
    await turns.finish({ ...finished(0), ...whole, id: 'x1', finishReason: 'error' })
    t.equal((await deliveries.handIn('a', 'x3', 9, 1000)).texts.length, 1)
    await turns.finish({ ...finished(0), ...whole, id: 'x3' })
    t.match(await deliveries.get('d1'), { state: 'done', finishedAt: 50 })
    t.same(await deliveries.handIn('a', 'x4', 9, 1000), { texts: [], more: false })
    t.equal((await storage.events.latest(9, undefined)).at(-1)?.payload, '"handed"')
    await storage.close()
  })

  t.test('pages by state and mapping, and what is forgotten', async (t) => {
    const storage = await (await fresh(t))()
    const { deliveries } = storage
    for (let n = 1; n <= 6; n++)
      await deliveries.accept(delivery(n, { mappingId: `m${n % 2}` }), n > 4 ? 'waiting' : 'done', [])
    const ids = async (query: object) => (await deliveries.list({ limit: 9, ...query })).deliveries.map(({ id }) => id)
    t.same(await ids({}), ['d6', 'd5', 'd4', 'd3', 'd2', 'd1'])
    t.same(await ids({ mappingId: 'm1' }), ['d5', 'd3', 'd1'])
    t.same(await ids({ state: 'done', mappingId: 'm1' }), ['d3', 'd1'])
    t.same(await ids({ state: 'waiting', mappingId: 'm0' }), ['d6'])
    const { next } = await deliveries.list({ limit: 2 })
    t.same(await ids({ limit: 2, before: next }), ['d4', 'd3'])
    await t.rejects(deliveries.list({ limit: 2, before: 'x' }), { code: 'invalid_request' })
    t.equal(await deliveries.prune(4, 4, 2), 2)
    t.equal(await deliveries.prune(4, 4, 2), 1)
    t.same(await ids({}), ['d6', 'd5', 'd4'])
    t.equal(
      (await deliveries.counts()).reduce((sum, { count }) => sum + count, 0),
      3
    )
    await storage.close()
  })
}
