import type { Test } from 'tap'
import { userText } from '../../src/models/message.ts'
import type {
  BegunTurn,
  FinishedTurn,
  JournalEntry,
  NewEvent,
  Storage,
  UnfinishedTurn
} from '../../src/storage/port.ts'

/** Opens a storage over the same data each time it is called. */
export type OpenStorage = () => Promise<Storage>

const session = { clientId: 'alice', key: 's1' }
const begun = (more: Partial<BegunTurn> = {}): BegunTurn => ({
  id: 't1',
  clientId: 'alice',
  session,
  agentId: 'default',
  fence: 1,
  startedAt: 1000,
  input: [userText('hello')],
  events: [],
  eventsIfNew: [],
  ...more
})
const finished = (more: Partial<FinishedTurn> = {}): FinishedTurn => ({
  id: 't1',
  clientId: 'alice',
  session,
  agentId: 'default',
  provider: 'builtin',
  model: 'echo',
  fence: 1,
  startedAt: 1000,
  finishedAt: 2000,
  finishReason: 'stop',
  usage: { input: 1, output: 2 },
  output: [{ role: 'assistant', content: [{ type: 'text', text: 'hi' }] }],
  events: [],
  ...more
})

const said = async (storage: Storage, limit: number) => (await storage.sessions.conversation(session, limit)).messages

const event = (payload: string, more: Partial<NewEvent> = {}): NewEvent => ({ type: 'x', payload, at: 1, ...more })

const ended = ({ id }: UnfinishedTurn): NewEvent => ({
  type: 'system:error',
  payload: JSON.stringify({ turnId: id }),
  at: 1
})

/** What every storage adapter has to keep to. `fresh` gives a test its own, empty store. */
export function storageContract(t: Test, fresh: (t: Test) => Promise<OpenStorage>): void {
  t.test('a turn that was begun keeps its input, also across a restart', async (t) => {
    const open = await fresh(t)
    let storage = await open()
    await storage.turns.begin(begun())
    await storage.close()
    storage = await open()
    t.same(await said(storage, 10), [userText('hello')])
    t.equal(await storage.turns.abandon(3000, ended), 1)
    t.equal(await storage.turns.abandon(3000, ended), 0)
    await storage.close()
  })

  t.test('a finished turn adds its output, once', async (t) => {
    const storage = await (await fresh(t))()
    await storage.turns.begin(begun())
    t.equal(await storage.turns.finish(finished()), true)
    t.equal(await storage.turns.finish(finished()), false, 'finished already')
    t.same(await storage.sessions.history('alice', 's1', 10), [
      { role: 'user', text: 'hello', at: 1000, sessionKey: 's1' },
      { role: 'assistant', text: 'hi', at: 2000, sessionKey: 's1' }
    ])
    await storage.close()
  })

  t.test('a holder whose lease was overtaken cannot finish', async (t) => {
    const storage = await (await fresh(t))()
    await storage.turns.begin(begun({ fence: 2 }))
    t.equal(await storage.turns.finish(finished({ fence: 1 })), false)
    t.equal((await said(storage, 10)).length, 1)
    t.equal(await storage.turns.finish(finished({ fence: 2 })), true)
    await storage.close()
  })

  t.test('a turn cannot be begun twice, and what fails takes nothing else of its commit with it', async (t) => {
    const storage = await (await fresh(t))()
    const results = await Promise.allSettled([
      storage.turns.begin(begun()),
      storage.turns.begin(begun({ input: [userText('again')] })),
      storage.turns.begin(begun({ id: 't2', input: [userText('other')] }))
    ])
    t.same(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled']
    )
    t.same(await said(storage, 10), [userText('hello'), userText('other')])
    await storage.close()
  })

  t.test('a turn without a session is stored at its end and leaves no message', async (t) => {
    const storage = await (await fresh(t))()
    t.equal(await storage.turns.finish(finished({ session: undefined, agentId: undefined })), true)
    t.equal(await storage.turns.finish(finished({ session: undefined, agentId: undefined })), false)
    t.same(await storage.sessions.history('alice', undefined, 10), [])
    await storage.close()
  })

  t.test('sessions belong to the client that named them', async (t) => {
    const storage = await (await fresh(t))()
    await storage.turns.begin(begun())
    await storage.turns.begin(
      begun({ id: 't2', session: { clientId: 'bob', key: 's1' }, input: [userText('bob here')] })
    )
    await storage.turns.begin(
      begun({ id: 't3', session: { clientId: 'bob', key: 's2' }, input: [userText('elsewhere')] })
    )
    const texts = async (client: string, key?: string) =>
      (await storage.sessions.history(client, key, 10)).map(({ text }) => text)
    t.same(await texts('alice', 's1'), ['hello'])
    t.same(await texts('bob', 's1'), ['bob here'])
    t.same(await texts('bob'), ['bob here', 'elsewhere'])
    t.same(await texts('carol'), [])
    await storage.close()
  })

  t.test('a limit keeps the newest, oldest first; messages without text are no history', async (t) => {
    const storage = await (await fresh(t))()
    const call = { type: 'tool_call' as const, callId: 'c', name: 'n', arguments: '{}' }
    const result = { type: 'tool_result' as const, callId: 'c', name: 'n', output: { deep: [1, null] } }
    await storage.turns.begin(begun({ input: [userText('one'), userText('two')] }))
    const output = [
      { role: 'assistant' as const, content: [call] },
      { role: 'tool' as const, content: [result] },
      { role: 'assistant' as const, content: [{ type: 'text' as const, text: 'three' }] }
    ]
    await storage.turns.finish(finished({ output }))
    t.same(await said(storage, 3), output)
    t.same(
      (await storage.sessions.history('alice', 's1', 2)).map(({ text }) => text),
      ['two', 'three']
    )
    await storage.close()
  })

  t.test('a session that was idle starts a new conversation, and its history stays', async (t) => {
    const storage = await (await fresh(t))()
    const told: JournalEntry[] = []
    storage.events.onAppended((entries) => told.push(...entries))
    const other = { clientId: 'alice', key: 'other' }
    await storage.turns.begin(begun({ eventsIfNew: [event('new 1')], events: [event('in 1')] }))
    await storage.turns.finish(finished())
    await storage.turns.begin(begun({ id: 't2', session: other, startedAt: 1500 }))
    const expire = (idleSince: number, limit = 10) =>
      storage.sessions.expire(idleSince, limit, ({ clientId, key, agentId }) => event(`${clientId} ${key} ${agentId}`))
    t.equal(await expire(2000), 0, 'one was used since, the other has a turn that runs')
    t.equal(await expire(2001), 1)
    t.equal(await expire(9999), 0, 'it is expired already')
    t.same(await said(storage, 10), [])
    t.equal((await storage.sessions.history('alice', 's1', 10)).length, 2)

    await storage.turns.begin(
      begun({
        id: 't3',
        input: [userText('anew')],
        startedAt: 5000,
        eventsIfNew: [event('new 3')],
        events: [event('in 3')]
      })
    )
    t.same(await said(storage, 10), [userText('anew')])
    await storage.turns.finish(finished({ id: 't3', finishedAt: 5000 }))
    await storage.turns.begin(
      begun({ id: 't4', startedAt: 5001, eventsIfNew: [event('new 4')], events: [event('in 4')] })
    )
    t.equal((await said(storage, 10)).length, 3, 'and goes on')
    t.same(
      told.map(({ payload }) => payload),
      ['new 1', 'in 1', 'alice s1 default', 'new 3', 'in 3', 'in 4']
    )
    await storage.turns.finish(finished({ id: 't4', finishedAt: 6000 }))
    await storage.turns.finish(finished({ id: 't2', session: other, finishedAt: 6000 }))
    t.same([await expire(7000, 1), await expire(7000, 1), await expire(7000, 1)], [1, 1, 0], 'as many as are asked for')
    await storage.close()
  })

  t.test('versions of the configuration', async (t) => {
    const open = await fresh(t)
    let storage = await open()
    t.equal(await storage.config.last(), undefined)
    const first = { at: 1, source: 'start' as const, clientId: undefined, paths: [], config: '{"a":1}', overlay: '{}' }
    const second = { ...first, at: 2, source: 'patch' as const, clientId: 'alice', paths: ['a'], overlay: '{"a":2}' }
    t.equal(await storage.config.record(first, []), 1)
    t.equal(await storage.config.record(second, [event('changed')]), 2)
    await storage.close()
    storage = await open()
    t.same(await storage.config.last(), { version: 2, ...second })
    t.same(await storage.config.get(1), { version: 1, ...first })
    t.equal(await storage.config.get(3), undefined)
    t.match(await storage.events.after(0, 10), [{ id: 1, payload: 'changed' }])
    await Promise.all(Array.from({ length: 1000 }, (_, n) => storage.config.record({ ...first, at: n + 3 }, [])))
    const versions = async (limit: number, before?: number) =>
      (await storage.config.list(limit, before)).map(({ version }) => version)
    t.same(await versions(2), [1002, 1001], 'the newest first')
    t.same(await versions(2, 4), [3], 'the oldest are forgotten')
    await storage.close()
  })

  t.test('after close, writes are rejected', async (t) => {
    const storage = await (await fresh(t))()
    await storage.close()
    await t.rejects(storage.turns.begin(begun()))
  })

  t.test('what was asked before close is stored', async (t) => {
    const open = await fresh(t)
    const storage = await open()
    const begin = storage.turns.begin(begun())
    await storage.close()
    await begin
    const again = await open()
    t.equal((await said(again, 10)).length, 1)
    await again.close()
  })
}
