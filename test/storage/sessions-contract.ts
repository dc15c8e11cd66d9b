import type { Test } from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Message, userText } from '../../src/models/message.ts'
import type { JournalEntry, NewEvent, SessionRef, Storage } from '../../src/storage/port.ts'
import type { OpenStorage } from './contract.ts'

const never = new AbortController().signal
const event = (payload: string): NewEvent => ({ type: 'x', payload, at: 1 })
const alice = (key: string): SessionRef => ({ clientId: 'alice', key })
const bob = (key: string): SessionRef => ({ clientId: 'bob', key })
const answer = (text: string): Message => ({ role: 'assistant', content: [{ type: 'text', text }] })
const tooled = (text: string): Message[] => [
  { role: 'assistant', content: [{ type: 'tool_call', callId: 'c', name: 'n', arguments: '{}' }] },
  { role: 'tool', content: [{ type: 'tool_result', callId: 'c', name: 'n', output: 1 }] },
  answer(text)
]

interface Said {
  by?: string
  agentId?: string
  at?: number
  output?: Message[]
}

let turns = 0
/** A whole turn in a session. */
async function say(storage: Storage, session: SessionRef, text: string, more: Said = {}): Promise<string> {
  const { by = session.clientId, agentId = 'default', at = 1000, output = [answer(`re ${text}`)] } = more
  const turn = { id: `t${++turns}`, clientId: by, session, agentId, fence: 1, startedAt: at }
  await storage.turns.begin({ ...turn, input: [userText(text)], events: [], eventsIfNew: [] })
  const usage = { input: 1, output: 2 }
  await storage.turns.finish({ ...turn, finishedAt: at, finishReason: 'stop', usage, output, events: [] })
  return turn.id
}

/** What sessions of every storage adapter have to keep to, beside their turns. */
export function sessionsContract(t: Test, fresh: (t: Test) => Promise<OpenStorage>): void {
  t.test('a session is listed with what is known of it', async (t) => {
    const open = await fresh(t)
    let storage = await open()
    await say(storage, alice('s1'), 'one', { at: 1000 })
    await say(storage, alice('s1'), 'two', { at: 2000, agentId: 'other', by: 'root', output: tooled('three') })
    await storage.close()
    storage = await open()
    const known = { ...alice('s1'), agentId: 'other', createdAt: 1000, updatedAt: 2000, messages: 6, compacted: false }
    t.same(await storage.sessions.get(alice('s1')), { ...known, title: undefined, expiredAt: undefined })
    t.equal(await storage.sessions.get(bob('s1')), undefined)
    t.same(await storage.sessions.list({ limit: 9 }), {
      sessions: [{ ...known, title: undefined, expiredAt: undefined }],
      next: undefined
    })
    await storage.sessions.expire(9999, 9, () => event('expired'))
    t.match(await storage.sessions.get(alice('s1')), { expiredAt: Number, updatedAt: 2000 })
    await storage.close()
  })

  t.test('a title stays until it is taken away, and is found in any case', async (t) => {
    const open = await fresh(t)
    let storage = await open()
    const told: JournalEntry[] = []
    storage.events.onAppended((entries) => told.push(...entries))
    for (const [at, session] of [alice('s1'), alice('s2'), bob('s1'), alice('s3')].entries()) {
      await say(storage, session, 'x', { at, agentId: at === 1 ? 'other' : 'default' })
    }
    const rename = (session: SessionRef, title?: string) => storage.sessions.rename(session, title, [event('named')])
    t.equal(await rename(alice('s1'), 'Die ÜBERGABE 100%'), true)
    t.equal(await rename(alice('s2'), 'übergabe'), true)
    t.equal(await rename(bob('s1'), 'Seine Übergabe'), true)
    t.equal(await rename(alice('none'), 'x'), false)
    t.equal(told.length, 3)
    await say(storage, alice('s1'), 'again', { at: 9 })
    await storage.sessions.expire(9999, 9, () => event('expired'))
    await storage.sessions.reset(alice('s1'), [])
    await storage.close()

    storage = await open()
    t.match(await storage.sessions.get(alice('s1')), { title: 'Die ÜBERGABE 100%', updatedAt: 9 })
    async function find(
      title: string,
      scope: { clientId?: string; agentId?: string; before?: string } = {},
      limit = 9
    ) {
      const { sessions, next } = await storage.sessions.list({ title, limit, ...scope })
      return { keys: sessions.map(({ clientId, key }) => `${clientId[0]} ${key}`).join(), next }
    }
    t.equal((await find('ÜbErGaBe')).keys, 'a s1,b s1,a s2')
    t.equal((await find('übergabe', { clientId: 'alice' })).keys, 'a s1,a s2')
    t.equal((await find('übergabe', { clientId: 'alice', agentId: 'other' })).keys, 'a s2')
    t.equal((await find('0%')).keys, 'a s1', 'no sign stands for another')
    t.equal((await find('_')).keys, '')
    const { next } = await find('übergabe', {}, 2)
    t.equal((await find('übergabe', { before: next }, 2)).keys, 'a s2')
    await storage.sessions.rename(alice('s1'), undefined, [])
    t.equal((await storage.sessions.get(alice('s1')))?.title, undefined)
    t.equal((await find('übergabe')).keys, 'b s1,a s2')
    await storage.close()
  })

  t.test('pages of sessions, the most recently used first, right while they are used', async (t) => {
    const storage = await (await fresh(t))()
    for (const n of [1, 2, 3, 4, 5]) await say(storage, alice(`a${n}`), 'x', { at: n < 4 ? 50 : n })
    await say(storage, bob('a1'), 'x', { at: 60, agentId: 'other' })
    await say(storage, alice('a6'), 'x', { at: 1, agentId: 'other' })
    async function keys(scope: { clientId?: string; agentId?: string; before?: string }, limit = 9) {
      const { sessions, next } = await storage.sessions.list({ ...scope, limit })
      return { keys: sessions.map(({ clientId, key }) => `${clientId[0]} ${key}`).join(), next }
    }
    t.same(await keys({}), { keys: 'b a1,a a3,a a2,a a1,a a5,a a4,a a6', next: undefined })
    t.equal((await keys({ clientId: 'bob' })).keys, 'b a1')
    t.equal((await keys({ agentId: 'other' })).keys, 'b a1,a a6')
    t.equal((await keys({ clientId: 'alice', agentId: 'other' })).keys, 'a a6')
    t.equal((await keys({ clientId: 'carol' })).keys, '')
    for (const clientId of [undefined, 'alice']) {
      const first = await keys({ clientId }, 2)
      await say(storage, alice('a3'), 'again', { at: 100 + turns })
      await say(storage, alice('a4'), 'and this', { at: 100 + turns })
      const second = await keys({ clientId, before: first.next }, 9)
      t.notMatch(second.keys, /a3|a4/, 'what is used comes first again')
      t.equal(second.keys, 'a a2,a a1,a a5,a a6')
    }
    for (const before of ['', 'nonsense', 'W10', Buffer.from('[1,2]').toString('base64url')]) {
      await t.rejects(storage.sessions.list({ limit: 9, before }), { code: 'invalid_request', param: 'before' })
    }
    await storage.close()
  })

  t.test('all messages of a session with their parts, in pages that are bounded', async (t) => {
    const storage = await (await fresh(t))()
    const id = await say(storage, alice('s1'), 'one', { output: tooled('done') })
    await say(storage, bob('s1'), 'of another')
    await say(storage, alice('s1'), 'x'.repeat(900_000), { output: [answer('y'.repeat(900_000))] })
    const first = await storage.sessions.messages(alice('s1'), { limit: 2 })
    t.same(first.messages, [
      { message: userText('one'), turnId: id, at: 1000 },
      { message: tooled('')[0], turnId: id, at: 1000 }
    ])
    const roles = []
    for (let after = first.next; after !== undefined;) {
      const { messages, next } = await storage.sessions.messages(alice('s1'), { limit: 99, after })
      roles.push(messages.map(({ message }) => message.role).join())
      after = next
    }
    t.same(roles, ['tool,assistant,user', 'assistant'], 'and by their size')
    t.same(await storage.sessions.messages(alice('none'), { limit: 2 }), { messages: [], next: undefined })
    await t.rejects(storage.sessions.messages(alice('s1'), { limit: 2, after: 'x' }), { code: 'invalid_request' })
    await storage.close()
  })

  t.test('a reset starts a new conversation, and forgets the summary', async (t) => {
    const storage = await (await fresh(t))()
    const told: JournalEntry[] = []
    storage.events.onAppended((entries) => told.push(...entries))
    await say(storage, alice('s1'), 'one')
    await say(storage, bob('s1'), 'his')
    const older = await storage.sessions.older(alice('s1'), 0)
    await storage.sessions.compact(alice('s1'), { summary: 'S', after: older.after, upTo: older.upTo ?? '' }, [])
    t.equal(await storage.sessions.reset(alice('s1'), [event('reset')]), true)
    t.equal(await storage.sessions.reset(alice('none'), [event('never')]), false)
    t.same(await storage.sessions.conversation(alice('s1'), 9), { summary: undefined, messages: [] })
    t.equal((await storage.sessions.conversation(bob('s1'), 9)).messages.length, 2)
    t.equal((await storage.sessions.history('alice', 's1', 9)).length, 2)
    await say(storage, alice('s1'), 'anew')
    t.same((await storage.sessions.conversation(alice('s1'), 9)).messages, [userText('anew'), answer('re anew')])
    t.same(
      told.map(({ payload }) => payload),
      ['reset']
    )
    await storage.close()
  })

  t.test('a summary takes the place of older messages', async (t) => {
    const open = await fresh(t)
    let storage = await open()
    const session = alice('s1')
    t.match(await storage.sessions.older(session, 1), { upTo: undefined, kept: 0 })
    await say(storage, session, 'one')
    await say(storage, session, 'two', { output: tooled('2') })
    await say(storage, session, 'three')
    const older = async (keep: number) => {
      const { upTo, kept } = await storage.sessions.older(session, keep)
      return [upTo === undefined ? 0 : 8 - kept, kept]
    }
    t.same(await older(0), [8, 0])
    t.same(await older(1), [6, 2], 'an answer is kept with its question')
    t.same(await older(2), [6, 2])
    t.same(await older(3), [2, 6], 'and a tool’s result with its call')
    t.same(await older(6), [2, 6])
    t.same(await older(7), [0, 8])
    t.same(await older(99), [0, 8])

    const { after, upTo = '' } = await storage.sessions.older(session, 2)
    t.equal(await storage.sessions.compact(session, { summary: 'S', after, upTo }, [event('done')]), true)
    t.equal(await storage.sessions.compact(session, { summary: 'T', after, upTo }, [event('never')]), false, 'moved on')
    await storage.close()
    storage = await open()
    const kept = [userText('three'), answer('re three')]
    t.same(await storage.sessions.conversation(session, 9), { summary: 'S', messages: kept })
    t.match(await storage.sessions.get(session), { compacted: true, messages: 8 })
    t.match(await storage.sessions.older(session, 0), { summary: 'S', after: upTo })
    t.equal((await storage.sessions.history('alice', 's1', 9)).length, 6, 'what it stands for can be read')
    await storage.sessions.expire(9999, 9, () => event('expired'))
    t.match(await storage.sessions.conversation(session, 9), { summary: undefined, messages: [] })
    t.same(
      (await storage.events.latest(9, undefined)).map(({ payload }) => payload),
      ['done', 'expired']
    )
    await storage.close()
  })

  t.test('a session is removed some messages at a time, and is gone with the last', async (t) => {
    const storage = await (await fresh(t))()
    await say(storage, alice('s1'), 'one')
    await say(storage, alice('s1'), 'two')
    await say(storage, bob('s1'), 'his')
    t.equal(await storage.sessions.remove(alice('s1'), 3, [event('gone')]), false)
    t.match(await storage.sessions.get(alice('s1')), { messages: 1 })
    t.same(await storage.events.latest(9, undefined), [])
    t.equal(await storage.sessions.remove(alice('s1'), 3, [event('gone')]), true)
    t.equal(await storage.sessions.get(alice('s1')), undefined)
    t.same(await storage.sessions.history('alice', undefined, 9), [])
    t.equal((await storage.sessions.history('bob', 's1', 9)).length, 2)
    t.match(await storage.events.latest(9, undefined), [{ payload: 'gone' }])
    await say(storage, alice('s1'), 'anew', { at: 7000 })
    t.match(await storage.sessions.get(alice('s1')), { messages: 2, createdAt: 7000 })
    t.equal((await storage.sessions.conversation(alice('s1'), 9)).messages.length, 2)
    await storage.close()
  })

  t.test('messages are found by all of the words, the newest first', async (t) => {
    const open = await fresh(t)
    let storage = await open()
    const long = `${'so it went '.repeat(100)}until the Lighthouse came in sight${' and on'.repeat(200)}`
    await say(storage, alice('s1'), 'I drive a green car', { at: 1 })
    await say(storage, alice('s2'), 'Driving the car to Köln', { at: 2, agentId: 'other' })
    await say(storage, bob('s1'), 'my car is red', { at: 3 })
    await say(storage, alice('s3'), long, { at: 4, output: [] })
    const find = async (text: string, more: object = {}) => {
      const hits = await storage.sessions.search({ text, limit: 9, ...more }, never)
      return hits.map(({ clientId, sessionKey, role, at }) => `${clientId[0]}${sessionKey} ${role[0]}${at}`).join()
    }
    t.equal(await find('car'), 'bs1 a3,bs1 u3,as2 a2,as2 u2,as1 a1,as1 u1')
    t.equal(await find('car', { limit: 2 }), 'bs1 a3,bs1 u3')
    t.equal(await find('car', { clientId: 'alice' }), 'as2 a2,as2 u2,as1 a1,as1 u1')
    t.equal(await find('car', { clientId: 'bob' }), 'bs1 a3,bs1 u3')
    t.equal(await find('car', { clientId: 'carol' }), '')
    t.equal(await find('car', { agentId: 'other' }), 'as2 a2,as2 u2')
    t.equal(await find('car', { agentId: 'other', clientId: 'bob' }), '')
    t.equal(await find('the drives and cars'), 'as2 a2,as2 u2,as1 a1,as1 u1', 'in any form')
    t.equal(await find('drive koln'), 'as2 a2,as2 u2')
    t.equal(await find('is my', { clientId: 'bob' }), 'bs1 a3,bs1 u3', 'also where no word tells much')
    for (const odd of ['', '"', 'NEAR(', 'scope : c626f620', 'text:', '*', 'c626f620', '-car']) {
      t.notMatch(await find(odd, { clientId: 'alice' }), /^b|,b/, odd)
    }
    t.equal(await find('c616c6963650'), '', 'whose it is, is no word of it')
    const [hit] = await storage.sessions.search({ text: 'lighthouses', limit: 1 }, never)
    t.match(hit?.text, /^….*the Lighthouse came.*…$/)
    t.ok((hit?.text.length ?? 0) < 520)

    await storage.sessions.remove(bob('s1'), 99, [])
    t.equal(await find('car', { clientId: 'bob' }), '')
    await say(storage, bob('s9'), 'a yellow bicycle', { at: 9 })
    t.equal(await find('yellow'), 'bs9 a9,bs9 u9', 'under a number that was another’s')
    t.equal(await find('red'), '')
    await say(storage, bob('s9'), 'before the end', { at: 10, output: [] })
    await storage.close()
    storage = await open()
    await sleep(700)
    t.equal((await storage.sessions.search({ text: 'end', limit: 9 }, never)).length, 1, 'what waited is not lost')
    await t.rejects(storage.sessions.search({ text: 'car', limit: 9 }, AbortSignal.abort()))
    await storage.close()
    await t.rejects(storage.sessions.search({ text: 'car', limit: 9 }, never))
  })
}
