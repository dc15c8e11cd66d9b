import type { Test } from 'tap'
import type { MemoryEntry } from '../../src/storage/port.ts'
import type { OpenStorage } from './contract.ts'

let made = 0
const entry = (content: string, more: Partial<MemoryEntry> = {}): MemoryEntry => ({
  id: `m${++made}`,
  content,
  tags: [],
  clientId: 'alice',
  agentId: 'default',
  sessionKey: 's1',
  turnId: 't1',
  source: 'agent',
  createdAt: 1000 + made,
  ...more
})
const never = new AbortController().signal
const vector = (...values: number[]) => Float32Array.from(values)

/** What the memory of every storage adapter has to keep to. */
export function memoryContract(t: Test, fresh: (t: Test) => Promise<OpenStorage>): void {
  t.test('an entry is kept whole, and once', async (t) => {
    const open = await fresh(t)
    let storage = await open()
    const first = entry('The key is under the mat', { tags: ['home', 'key'] })
    t.same(await storage.memory.add(first), first)
    t.equal((await storage.memory.add(entry('The key is under the mat'))).id, first.id, 'the same content again')
    const others = [entry('The key is under the mat', { clientId: 'bob' }), entry('x', { agentId: undefined })]
    for (const other of others) t.equal((await storage.memory.add(other)).id, other.id, 'another owner, another entry')
    await storage.close()
    storage = await open()
    t.same(await storage.memory.get([first.id, 'nope', others[1]!.id]), [first, others[1]])
    t.equal(await storage.memory.count(), 3)
    await storage.close()
  })

  t.test('text is found by its words, in any form and whatever else is written', async (t) => {
    const { memory, close } = await (await fresh(t))()
    const door = await memory.add(entry('The doors were painted green', { tags: ['house'] }))
    const code = await memory.add(entry('ERR_4417 means that the disk is full'))
    const find = async (text: string) =>
      (await memory.find({ text, clientId: 'alice', limit: 10 }, never)).byText.map(({ id }) => id)
    t.same(await find('who paints a door?'), [door.id], 'stems')
    t.same(await find('HOUSE'), [door.id], 'tags')
    t.same(await find('err_4417'), [code.id])
    t.same(await find('4417 ERR'), [code.id])
    for (const text of ['"', 'a AND', 'NEAR(', 'content:door*', '-door', '^', '', '   ', "'; DROP TABLE x", 'the of']) {
      t.type(await find(text), Array, text)
    }
    await close()
  })

  t.test('vectors are found by their likeness, whatever their number of dimensions', async (t) => {
    const { memory, close } = await (await fresh(t))()
    const [east, north] = [await memory.add(entry('east')), await memory.add(entry('north'))]
    await memory.addVectors('m', [
      { id: east.id, values: vector(1, 0, 0) },
      { id: north.id, values: vector(0, 1, 0) },
      { id: 'gone', values: vector(0, 0, 1) }
    ])
    const find = async (values: Float32Array, model = 'm') =>
      (await memory.find({ vector: { model, values }, limit: 10 }, never)).byVector
    const near = await find(vector(0.8, 0.6, 0))
    t.same(
      near.map(({ id, similarity }) => [id, similarity.toFixed(3)]),
      [
        [east.id, '0.800'],
        [north.id, '0.600']
      ]
    )
    t.same(await find(vector(1, 0, 0), 'another'), [])
    t.same(await find(vector(1, 0)), [], 'other dimensions')
    t.same(await memory.spaces(), [{ model: 'm', dimensions: 3, entries: 2 }])

    await memory.addVectors('m', [{ id: east.id, values: vector(0.6, 0.8) }])
    t.same(await memory.spaces(), [{ model: 'm', dimensions: 2, entries: 1 }], 'the model was changed under its name')
    t.same(await memory.unembedded('m', 10), [{ id: north.id, content: 'north' }])
    await memory.dropSpace('m')
    t.same(await memory.spaces(), [])
    t.equal((await memory.unembedded('m', 1)).length, 1)
    await close()
  })

  t.test('only what is one’s own, or everyone’s, is found', async (t) => {
    const { memory, close } = await (await fresh(t))()
    const mine = await memory.add(entry('the red car'))
    const shared = await memory.add(entry('the red house', { clientId: undefined }))
    const anyAgent = await memory.add(entry('the red boat', { agentId: undefined }))
    const bobs = await memory.add(entry('the red bicycle', { clientId: 'bob' }))
    const otherAgents = await memory.add(entry('the red train', { agentId: 'other' }))
    const all = [mine, shared, anyAgent, bobs, otherAgents]
    await memory.addVectors(
      'm',
      all.map(({ id }, n) => ({ id, values: vector(1, n / 10) }))
    )
    const found = async (scope: object) => {
      const query = { text: 'red', vector: { model: 'm', values: vector(1, 0) }, limit: 10, ...scope }
      const { byText, byVector } = await memory.find(query, never)
      t.same(byText.map(({ id }) => id).toSorted(), byVector.map(({ id }) => id).toSorted())
      return byText.length
    }
    t.equal(await found({ clientId: 'alice', agentIds: ['default'] }), 3)
    t.equal(await found({ clientId: 'alice' }), 4)
    t.equal(await found({ clientId: 'carol', agentIds: ['default'] }), 1)
    t.equal(await found({ agentIds: ['other'] }), 2)
    t.equal(await found({ agentIds: ['default', 'other'] }), 5)
    t.equal(await found({ agentIds: [] }), 1, 'what all agents remember')
    t.equal(await found({}), 5)
    t.same(
      (await memory.list({ clientId: 'carol', limit: 10 })).entries.map(({ id }) => id),
      [shared.id]
    )
    await close()
  })

  t.test('what is removed is found no more', async (t) => {
    const { memory, close } = await (await fresh(t))()
    const [gone, stays] = [await memory.add(entry('gone away')), await memory.add(entry('stays away'))]
    await memory.addVectors(
      'm',
      [gone, stays].map(({ id }) => ({ id, values: vector(1, 0) }))
    )
    t.equal(await memory.remove([gone.id, 'nope']), 1)
    t.equal(await memory.remove([gone.id]), 0)
    const hits = await memory.find({ text: 'away', vector: { model: 'm', values: vector(1, 0) }, limit: 9 }, never)
    t.match(hits, { byText: [{ id: stays.id }], byVector: [{ id: stays.id }] })
    t.same([hits.byText.length, hits.byVector.length], [1, 1])
    t.equal((await memory.spaces())[0]?.entries, 1)
    await close()
  })

  t.test('pages, the newest first', async (t) => {
    const { memory, close } = await (await fresh(t))()
    const ids: string[] = []
    for (const n of [1, 2, 3, 4, 5]) ids.unshift((await memory.add(entry(`n${n}`))).id)
    const first = await memory.list({ limit: 2 })
    await memory.remove(first.entries.map(({ id }) => id))
    const second = await memory.list({ limit: 9, before: first.next })
    t.same(
      [...first.entries, ...second.entries].map(({ id }) => id),
      ids,
      'whatever is removed meanwhile'
    )
    t.equal(second.next, undefined)
    await close()
  })

  t.test('a search that is aborted, and one after close, are rejected', async (t) => {
    const { memory, close } = await (await fresh(t))()
    await memory.add(entry('something'))
    await t.rejects(memory.find({ text: 'something', limit: 1 }, AbortSignal.abort(new Error('left'))))
    await memory.find({ text: 'something', limit: 1 }, never)
    await close()
    await t.rejects(memory.find({ text: 'something', limit: 1 }, never))
  })
}
