import type { Test } from 'tap'
import type { KeptSteps, OwnSteps } from '../../src/storage/port.ts'
import type { OpenStorage } from './contract.ts'

const steps: OwnSteps = {
  before: [
    { role: 'assistant', content: [{ type: 'tool_call', callId: 'own1', name: 'clock', arguments: '{}' }] },
    { role: 'tool', content: [{ type: 'tool_result', callId: 'own1', name: 'clock', output: { now: 'noon' } }] }
  ],
  calls: [{ type: 'tool_call', callId: 'own2', name: 'clock', arguments: '{"zone":"UTC"}' }],
  results: [{ type: 'tool_result', callId: 'own2', name: 'clock', output: 'noon' }]
}
const kept = (more: Partial<KeptSteps> = {}): KeptSteps => ({
  turnId: 't1',
  clientId: 'alice',
  agentId: 'default',
  at: 1000,
  callIds: ['call1', 'call2'],
  question: 'digest',
  steps,
  ...more
})
const query = (...callIds: string[]) => ({ clientId: 'alice', agentId: 'default', callIds, since: 0 })

/** What every storage adapter has to keep to for agents' own steps. `fresh` gives a test its own, empty store. */
export function stepsContract(t: Test, fresh: (t: Test) => Promise<OpenStorage>): void {
  t.test('steps are found by any of their calls, as they were, also after a restart', async (t) => {
    const open = await fresh(t)
    let storage = await open()
    await storage.steps.keep(kept(), 10)
    await storage.close()
    storage = await open()
    t.same(await storage.steps.find(query('call2', 'nobody')), [kept()])
    t.same(await storage.steps.find(query('call1', 'call2')), [kept()], 'once')
    t.same(await storage.steps.find(query('nobody')), [])
    t.same(await storage.steps.find(query()), [])
    await storage.close()
  })

  t.test('they are of one client and one agent, and grow old', async (t) => {
    const storage = await (await fresh(t))()
    await storage.steps.keep(kept(), 10)
    t.same(await storage.steps.find({ ...query('call1'), clientId: 'bob' }), [])
    t.same(await storage.steps.find({ ...query('call1'), agentId: 'other' }), [])
    t.same(await storage.steps.find({ ...query('call1'), since: 1001 }), [])
    await storage.close()
  })

  t.test('of calls with the same id all are found, oldest first', async (t) => {
    const storage = await (await fresh(t))()
    const [newer, older] = [kept({ turnId: 't2', at: 2000 }), kept()]
    await storage.steps.keep(newer, 10)
    await storage.steps.keep(older, 10)
    t.same(await storage.steps.find(query('call1')), [older, newer])
    await storage.close()
  })

  t.test('a client keeps its newest; what is old goes, some at a time', async (t) => {
    const storage = await (await fresh(t))()
    for (let n = 1; n <= 5; n++) await storage.steps.keep(kept({ turnId: `t${n}`, at: n, callIds: [`c${n}`] }), 3)
    await storage.steps.keep(kept({ turnId: 'u1', clientId: 'bob', at: 1, callIds: ['c1'] }), 3)
    const left = async () => (await storage.steps.find(query('c1', 'c2', 'c3', 'c4', 'c5'))).map(({ turnId }) => turnId)
    t.same(await left(), ['t3', 't4', 't5'])
    t.equal((await storage.steps.find({ ...query('c1'), clientId: 'bob' })).length, 1, "another client's stay")
    t.equal(await storage.steps.expire(5, 2), 2)
    t.equal(await storage.steps.expire(5, 2), 1)
    t.equal(await storage.steps.expire(5, 2), 0)
    t.same(await left(), ['t5'])
    await storage.close()
  })
}
