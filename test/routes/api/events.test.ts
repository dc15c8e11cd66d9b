import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { bearer, listenGateway, SECRETS, servicesOf, temporaryFolder } from '../../support/gateway.ts'
import { askForEvents, waitUntil, watch } from '../../support/watch.ts'

const echo = {
  agents: { default: { provider: 'builtin', model: 'echo' }, other: { provider: 'builtin', model: 'echo' } }
}

interface Said {
  message?: string
  sessionKey?: string
  agentId?: string
}

async function say(url: string, { message = 'hello', ...body }: Said = {}, secret = SECRETS.all): Promise<void> {
  const answer = await fetch(`${url}/api/chat`, {
    method: 'POST',
    headers: { ...bearer(secret), 'content-type': 'application/json' },
    body: JSON.stringify({ message, ...body })
  })
  if (answer.status !== 200) throw new Error(await answer.text())
  await answer.body?.cancel()
}

t.test('the first bytes come at once, and no proxy is to hold them', async (t) => {
  const { url } = await listenGateway(t, echo)
  const socket = await askForEvents(t, url)
  let text = ''
  socket.setEncoding('latin1').on('data', (piece: string) => (text += piece))
  await waitUntil(() => text.includes('\n\n'))
  const [head = '', body] = text.split('\r\n\r\n')
  t.match(head, /^HTTP\/1\.1 200 /)
  for (const line of [
    'content-type: text/event-stream; charset=utf-8',
    'cache-control: no-cache, no-transform',
    'x-accel-buffering: no'
  ]) {
    t.ok(head.toLowerCase().split('\r\n').includes(line), line)
  }
  t.equal(body, 'retry: 3000\nevent: retry\ndata: {"retry":3000}\n\n')
})

t.test('an event has its type, its payload and a number that grows; what is live only has none', async (t) => {
  const { url } = await listenGateway(t, echo)
  const seen = await watch(t, url)
  await say(url, { message: 'one two', sessionKey: 's' })
  await say(url, { message: 'three', sessionKey: 's' })
  await seen.until(() => seen.of('observability:token_usage').length === 2)
  const types = seen.events.map(({ event }) => event)
  t.same(types, [
    'session:created',
    'message:received',
    'message:streaming',
    'message:streaming',
    'message:sent',
    'observability:token_usage',
    'message:received',
    'message:streaming',
    'message:sent',
    'observability:token_usage'
  ])
  const ids = seen.ids()
  t.equal(ids.length, 7, 'all but three have one')
  t.same(
    ids,
    ids.toSorted((a, b) => a - b)
  )
  t.equal(new Set(ids).size, ids.length)
  for (const { event, id } of seen.events) t.equal(id === undefined, event === 'message:streaming')
})

t.test('a reader gets what it asks for', async (t) => {
  const { url } = await listenGateway(t, echo)
  const [messages, one, agent, session, both, all] = await Promise.all(
    [
      '?types=message:*,session:created',
      '?types=session:created',
      '?agentId=other',
      '?sessionKey=s2',
      '?agentId=other&sessionKey=s1&types=message:sent',
      '?types=*'
    ].map((query) => watch(t, url, { query }))
  )
  if (!messages || !one || !agent || !session || !both || !all) throw new Error('six readers')
  await say(url, { sessionKey: 's1' })
  await say(url, { sessionKey: 's2' })
  await say(url, { sessionKey: 's3', agentId: 'other' })
  await all.until(() => all.of('observability:token_usage').length === 3)
  await agent.until(5)
  await session.until(5)
  await messages.until(12)
  await one.until(3)
  const turn = ['session:created', 'message:received', 'message:streaming', 'message:sent', 'observability:token_usage']
  const types = ({ events }: typeof all) => events.map(({ event }) => event)
  t.same(types(all), [...turn, ...turn, ...turn])
  t.same(types(agent), turn)
  t.same(
    agent.events.map(({ data }) => JSON.parse(data).agentId),
    Array(5).fill('other')
  )
  t.same(types(session), turn)
  t.same(
    session.events.map(({ data }) => JSON.parse(data).sessionKey),
    Array(5).fill('s2')
  )
  const wanted = turn.slice(0, 4)
  t.same(types(messages), [...wanted, ...wanted, ...wanted])
  t.same(types(one), Array(3).fill('session:created'))
  t.same(types(both), [], 'the agent answered in another session')
})

t.test('a type that does not exist is refused, and the one that was meant is told', async (t) => {
  const { url } = await listenGateway(t, echo)
  const get = async (types: string) => {
    const answer = await fetch(`${url}/api/events?types=${types}`, { headers: bearer() })
    return [answer.status, await answer.json()]
  }
  t.same(await get('message:recieved'), [
    400,
    {
      error: 'Invalid types: there is no event "message:recieved"; did you mean message:received?'
    }
  ])
  t.match(await get('sesion:*'), [400, { error: /did you mean session:\*\?$/ }])
  t.match(await get('message:sent,constructor'), [400, { error: /there is no event "constructor"$/ }])
})

t.test('what is a client’s is for that client and for admins', async (t) => {
  const { url } = await listenGateway(t, echo)
  const client = await watch(t, url, { secret: SECRETS.rpc })
  const admin = await watch(t, url, { secret: SECRETS.admin })
  const narrowed = await watch(t, url, { secret: SECRETS.rpc, query: '?types=message:*&sessionKey=theirs' })
  await say(url, { message: 'a secret', sessionKey: 'theirs' }, SECRETS.all)
  await say(url, { message: 'mine', sessionKey: 'mine' }, SECRETS.rpc)
  await admin.until(() => admin.of('observability:token_usage').length === 2)
  await client.until(() => client.of('observability:token_usage').length === 1)
  const told = (seen: typeof client) => seen.events.map(({ event, data }) => [event, JSON.parse(data).clientId])
  const whole = (id: string) => [
    ['session:created', id],
    ['message:received', id],
    ['message:streaming', id],
    ['message:sent', id],
    ['observability:token_usage', id]
  ]
  t.same(told(client), whole('rpc'))
  t.equal(client.events.filter(({ data }) => data.includes('a secret')).length, 0)
  t.same(told(admin).length, 5 + 1 + 5, 'the two words came as two pieces')
  t.same(narrowed.events, [])

  const late = await watch(t, url, { secret: SECRETS.rpc, lastEventId: '0' })
  await late.until(4)
  t.equal(late.events.filter(({ data }) => data.includes('a secret')).length, 0, 'nor is it told afterwards')
})

t.test('who may read', async (t) => {
  const { url } = await listenGateway(t, echo)
  const status = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const answer = await fetch(`${url}${path}`, { method, headers })
    await answer.body?.cancel()
    return answer.status
  }
  t.equal(await status('/api/events'), 401)
  t.equal(await status('/api/events', bearer('x'.repeat(40))), 401)
  t.equal(await status('/api/events', bearer(SECRETS.mcp)), 403)
  t.equal(await status('/api/events', bearer(SECRETS.api)), 403)
  t.equal(await status(`/api/events?token=${SECRETS.rpc}`), 200)
  t.equal(await status(`/api/events?token=${SECRETS.mcp}`), 403)
  t.equal(await status('/api/events?token=wrong'), 401)
  t.equal(await status('/api/events', bearer(), 'HEAD'), 405)
  t.equal(await status('/api/events', bearer(), 'POST'), 405)
})

t.test('a reader that comes again gets what it missed, by header or by address', async (t) => {
  const { app, url } = await listenGateway(t, echo)
  const { events } = await servicesOf(app)
  const first = await watch(t, url)
  for (let n = 1; n <= 10; n++) events.emit('agent:hot_added', { agentId: `a${n}` })
  await first.until(10)
  await first.leave()
  const last = String(first.ids()[3])
  for (let n = 11; n <= 20; n++) events.emit('agent:hot_added', { agentId: `a${n}` })
  const wanted = Array.from({ length: 16 }, (_, n) => ({ agentId: `a${n + 5}` }))
  const header = await watch(t, url, { lastEventId: last })
  const address = await watch(t, url, { query: `?lastEventId=${last}` })
  const narrow = await watch(t, url, { lastEventId: last, query: '?agentId=a7' })
  await header.until(16)
  await address.until(16)
  t.same(header.of('agent:hot_added'), wanted)
  t.same(address.of('agent:hot_added'), wanted)
  t.same(header.ids(), address.ids())
  await narrow.until(1)
  t.same(narrow.of('agent:hot_added'), [{ agentId: 'a7' }])
  const both = await watch(t, url, { lastEventId: String(header.ids().at(-2)), query: `?lastEventId=${last}` })
  await both.until(1)
  t.same(both.of('agent:hot_added'), [{ agentId: 'a20' }], 'a browser that reconnects sends the newer one as a header')
})

t.test('what is lost is told', async (t) => {
  const dataDir = await temporaryFolder(t)
  const options = { ...echo, dataDir, gateway: { events: { keepCount: 5 } } }
  const before = await listenGateway(t, options)
  const { events } = await servicesOf(before.app)
  for (let n = 1; n <= 20; n++) events.emit('agent:hot_added', { agentId: `a${n}` })
  const seen = await watch(t, before.url, { lastEventId: '0' })
  await seen.until(20)
  t.same(seen.ids()[19], 20)
  await before.app.close()

  const { app, url } = await listenGateway(t, options)
  const { storage } = await servicesOf(app)
  await waitUntil(async () => (await storage.events.bounds()).first === 16)
  const expired = await watch(t, url, { lastEventId: '3' })
  await expired.until(6)
  t.same(expired.events[0], { id: undefined, event: 'gap', data: '{"first":4,"last":15,"reason":"expired"}' })
  t.same(expired.ids(), [16, 17, 18, 19, 20])
  const edge = await watch(t, url, { lastEventId: '15' })
  await edge.until(5)
  t.same(edge.ids(), [16, 17, 18, 19, 20], 'nothing is lost to who has seen the last one that is gone')

  for (const unknown of ['21', '999999999999999', '-1', 'turn_1:2', '1e3', '9'.repeat(40)]) {
    const reader = await watch(t, url, { lastEventId: unknown })
    await reader.until(1)
    t.same(reader.events, [{ id: undefined, event: 'gap', data: '{"first":16,"last":20,"reason":"unknown"}' }], unknown)
    await reader.leave()
  }
  const goesOn = await watch(t, url, { lastEventId: '999' })
  await goesOn.until(1)
  const opened = await servicesOf(app)
  opened.events.emit('agent:hot_added', { agentId: 'new' })
  await goesOn.until(2)
  t.same(goesOn.of('agent:hot_added'), [{ agentId: 'new' }], 'and it goes on from there')
})

t.test('a long absence is read from the journal while new events come, none twice and none left out', async (t) => {
  const dataDir = await temporaryFolder(t)
  const options = { ...echo, dataDir, gateway: { events: { readerBufferBytes: 16_384 } } }
  const { app, url } = await listenGateway(t, options)
  const { events } = await servicesOf(app)
  const emit = (from: number, to: number) => {
    for (let n = from; n <= to; n++) events.emit('agent:hot_added', { agentId: `a${n}-${'x'.repeat(100)}` })
  }
  emit(1, 5000)
  const witness = await watch(t, url, { lastEventId: '0' })
  await witness.until(5000)
  const readers = await Promise.all([0, 1, 2500, 4999].map((id) => watch(t, url, { lastEventId: String(id) })))
  for (let n = 5001; n <= 6000; n += 10) {
    emit(n, n + 9)
    if (n % 100 === 1) await sleep(1)
  }
  await Promise.all(readers.map((reader) => reader.until(() => reader.ids().at(-1) === 6000)))
  for (const [index, from] of [0, 1, 2500, 4999].entries()) {
    t.same(
      readers[index]?.ids(),
      Array.from({ length: 6000 - from }, (_, n) => from + n + 1),
      `after ${from}`
    )
  }
})

t.test('however much comes at once, a reader that takes it gets all of it', async (t) => {
  const { app, url } = await listenGateway(t, { ...echo, gateway: { events: { readerBufferBytes: 16_384 } } })
  const { events } = await servicesOf(app)
  const seen = await watch(t, url)
  for (let n = 1; n <= 2000; n++) events.emit('agent:hot_added', { agentId: `a${n}-${'x'.repeat(1000)}` })
  await seen.until(2000)
  t.same(
    seen.ids(),
    Array.from({ length: 2000 }, (_, n) => n + 1)
  )
})

t.test('a payload that does not fit its type is the fault of who emits it', async (t) => {
  const { app, url } = await listenGateway(t, echo)
  const { events } = await servicesOf(app)
  const seen = await watch(t, url)
  t.throws(() => events.emit('agent:hot_added', {} as never), TypeError)
  events.emit('agent:hot_added', { agentId: 'a' })
  await seen.until(1)
  t.same(seen.events, [{ id: '1', event: 'agent:hot_added', data: '{"agentId":"a"}' }])
})

t.test('without the dashboard there is no stream', async (t) => {
  const { url } = await listenGateway(t, { ...echo, gateway: { web: { enabled: false } } })
  const answer = await fetch(`${url}/api/events`, { headers: bearer() })
  t.match([answer.status, await answer.json()], [404, { error: 'Not Found' }])
})
