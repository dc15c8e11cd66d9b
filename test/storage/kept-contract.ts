import type { Test } from 'tap'
import { GatewayError } from '../../src/errors.ts'
import { type Message, userText } from '../../src/models/message.ts'
import type { FinishedTurn, KeptTurn, Storage } from '../../src/storage/port.ts'
import type { Entry } from '../../src/turns/event.ts'
import type { OpenStorage } from './contract.ts'

const kept = (id: string, more: Partial<KeptTurn> = {}): KeptTurn => ({
  id,
  clientId: 'alice',
  startedAt: 1000,
  request: '{"a":1}',
  input: [userText(`ask ${id}`)],
  ...more
})
const said = (text: string): Message => ({ role: 'assistant', content: [{ type: 'text', text }] })
const text = (seq: number): Entry => ({ seq, at: seq, event: { type: 'text', delta: `${seq}` } })
const finished = (seq: number): Entry => ({
  seq,
  at: seq,
  event: { type: 'finished', outcome: { finishReason: 'stop', usage: { input: 1, output: 2 } } }
})
const end = (id: string, more: Partial<FinishedTurn> = {}): FinishedTurn => ({
  id,
  clientId: 'alice',
  fence: 0,
  startedAt: 1000,
  finishedAt: 2000,
  finishReason: 'stop',
  usage: { input: 1, output: 2 },
  output: [],
  events: [],
  ...more
})
const texts = (messages: Message[]) =>
  messages.map(({ content }) => (typeof content === 'string' ? content : JSON.stringify(content)))

async function keep(storage: Storage, turn: KeptTurn): Promise<void> {
  await storage.turns.finish(
    end(turn.id, { kept: { turn, output: [said(`answer ${turn.id}`)], entries: [finished(1)] } })
  )
}

/** What every storage adapter has to keep to of turns that are kept. */
export function keptContract(t: Test, fresh: (t: Test) => Promise<OpenStorage>): void {
  t.test('a turn in the background is read while it goes on, and after a restart', async (t) => {
    const open = await fresh(t)
    let storage = await open()
    await storage.kept.begin(kept('t1'))
    await t.rejects(storage.kept.begin(kept('t1')), 'the same twice')
    await storage.kept.append('t1', [text(1), text(2)])
    t.same(await storage.kept.get('t1'), { ...kept('t1'), finishedAt: undefined, previousId: undefined })
    t.same(await storage.kept.entries('t1', 0, 10), [text(1), text(2)])
    t.same(await storage.kept.entries('t1', 1, 1), [text(2)])
    t.same(await storage.kept.conversation('t1', 'alice'), [], 'not before its end')
    const kept2 = { output: [said('done')], entries: [text(3), finished(4)] }
    t.equal(await storage.turns.finish(end('t1', { kept: kept2 })), true)
    t.equal(await storage.turns.finish(end('t1', { kept: kept2 })), false, 'once')
    await storage.close()
    storage = await open()
    t.match(await storage.kept.get('t1'), { finishedAt: 2000 })
    t.same(await storage.kept.entries('t1', 2, 10), [text(3), finished(4)])
    t.equal((await storage.kept.conversation('t1', 'alice')).length, 2)
    t.equal(await storage.kept.get('t2'), undefined)
    t.same(await storage.kept.entries('t2', 0, 10), [])
    await storage.close()
  })

  t.test('a conversation goes over all that a turn continues, of one client', async (t) => {
    const storage = await (await fresh(t))()
    await keep(storage, kept('a'))
    await keep(storage, kept('b', { previousId: 'a' }))
    await keep(storage, kept('c', { previousId: 'b' }))
    await keep(storage, kept('other', { clientId: 'bob', previousId: 'b' }))
    await keep(storage, kept('orphan', { previousId: 'gone' }))
    t.match(
      texts(await storage.kept.conversation('c', 'alice')).join(),
      /ask a.*answer a.*ask b.*answer b.*ask c.*answer c/
    )
    t.equal((await storage.kept.conversation('c', 'bob')).length, 0)
    t.equal((await storage.kept.conversation('other', 'bob')).length, 2, 'not what is another’s')
    t.equal((await storage.kept.conversation('orphan', 'alice')).length, 2)
    t.equal(await storage.kept.remove('b'), true)
    t.equal(await storage.kept.remove('b'), false)
    t.same(await storage.kept.entries('b', 0, 10), [])
    t.equal((await storage.kept.conversation('c', 'alice')).length, 2, 'it ends where one is gone')
    await storage.close()
  })

  t.test('an error is kept as clients are told of it', async (t) => {
    const storage = await (await fresh(t))()
    const error = new GatewayError('rate_limited', 'Slow down', { retryAfterSeconds: 3, cause: new Error('secret') })
    const outcome = { finishReason: 'error' as const, usage: { input: 0, output: 0 }, error }
    const entries: Entry[] = [{ seq: 1, at: 1, event: { type: 'finished', outcome } }]
    await storage.turns.finish(end('e', { finishReason: 'error', kept: { turn: kept('e'), output: [], entries } }))
    const [entry] = await storage.kept.entries('e', 0, 10)
    const event = entry?.event
    if (event?.type !== 'finished') throw new Error('expected its end')
    t.type(event.outcome.error, GatewayError)
    t.match(event.outcome.error, { code: 'rate_limited', message: 'Slow down', retryAfterSeconds: 3, cause: undefined })
    await storage.close()
  })

  t.test('what no process runs any more has failed, and what is old is dropped', async (t) => {
    const storage = await (await fresh(t))()
    await storage.kept.begin(kept('lost', { startedAt: 5000 }))
    await storage.kept.append('lost', [text(1)])
    await keep(storage, kept('done'))
    await storage.turns.abandon(9000, () => ({ type: 'x', payload: '{}', at: 1 }))
    t.match(await storage.kept.get('lost'), { finishedAt: 9000 })
    t.match(await storage.kept.entries('lost', 0, 10), [
      text(1),
      { seq: 2, event: { type: 'finished', outcome: { finishReason: 'error', error: { code: 'internal' } } } }
    ])
    t.equal((await storage.kept.entries('done', 0, 10)).length, 1, 'and nothing else')
    t.equal(await storage.kept.expire(1000, 10), 0)
    t.equal(await storage.kept.expire(6000, 1), 1, 'the oldest, as many as are asked for')
    t.equal(await storage.kept.get('done'), undefined)
    t.equal(await storage.kept.expire(6000, 10), 1)
    await storage.close()
  })
}
