import t from 'tap'
import { listenGateway, SECRETS } from '../../support/gateway.ts'
import { connect, post } from '../../support/socket.ts'
import { watch } from '../../support/watch.ts'
import { startUpstream } from '../../upstream/start.ts'

const echo = {
  agents: { default: { provider: 'builtin', model: 'echo' }, other: { provider: 'builtin', model: 'echo' } }
}

interface Answer {
  // What a test reads of a result is its own matter.
  result: Record<string, unknown> & Record<'sessions' | 'messages' | 'results', Record<string, unknown>[]>
  error?: { code: number; message: string; data?: object }
}

const client =
  (url: string, secret: string) =>
  async (method: string, params: object = {}): Promise<Answer> =>
    (await post(url, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }), secret)).json as Answer

t.test('an admin lists, exports, resets and removes the sessions of all', async (t) => {
  const { url } = await listenGateway(t, echo)
  const one = client(url, SECRETS.rpc)
  const admin = client(url, SECRETS.admin)
  for (const sessionKey of ['a', 'b']) await one('agent.execute', { message: `in ${sessionKey}`, sessionKey })
  await admin('agent.execute', { message: 'mine', sessionKey: 'a', agentId: 'other' })
  const keys = async (params: object) =>
    (await admin('session.list', params)).result.sessions.map(({ clientId, sessionKey }) =>
      [clientId, sessionKey].join(' ')
    )

  t.same(await keys({}), ['admin a', 'rpc b', 'rpc a'])
  t.same(await keys({ clientId: 'rpc' }), ['rpc b', 'rpc a'])
  t.same(await keys({ agentId: 'other' }), ['admin a'])
  const { next } = (await admin('session.list', { limit: 1 })).result
  t.same(await keys({ before: next }), ['rpc b', 'rpc a'])
  t.match((await admin('session.list', { before: '?' })).error, {
    code: -32602,
    data: { issues: [{ path: 'before' }] }
  })

  const a = { sessionKey: 'a', clientId: 'rpc' }
  t.match((await one('session.rename', { sessionKey: 'a', title: 'First steps' })).result, { title: 'First steps' })
  t.match((await admin('session.rename', { ...a, title: 'Next steps' })).result, { ...a, title: 'Next steps' })
  t.match((await one('session.rename', { sessionKey: 'a', title: '\t\n\u0007' })).error, { code: -32602 })
  t.match((await one('session.rename', { ...a, clientId: 'admin', title: 'x' })).error, { code: -32603 })
  t.same(await keys({ title: 'next' }), ['rpc a'])
  t.match((await admin('session.export', a)).result, {
    session: a,
    messages: [{ role: 'user' }, { role: 'assistant' }]
  })
  t.match((await admin('session.export', { ...a, after: 'x' })).error, { code: -32602 })
  t.same((await admin('session.reset', a)).result, { reset: true })
  t.same((await admin('session.delete', a)).result, { deleted: true })
  t.match((await one('session.status', { sessionKey: 'a' })).error, { code: -32000, data: { code: 'not_found' } })
  t.match((await admin('session.status', { sessionKey: 'a' })).result, { clientId: 'admin', agentId: 'other' })
  for (const method of ['list', 'export', 'reset', 'delete', 'compact']) {
    const { error } = await one(`session.${method}`, { sessionKey: 'b' })
    t.match(error, { message: "Insufficient scope: requires 'admin'" }, method)
    if (method === 'list') continue
    t.match((await admin(`session.${method}`, { sessionKey: 'none' })).error, { data: { code: 'not_found' } })
  }
})

t.test('messages are found by their owner and by admins, and are gone with their session', async (t) => {
  const { url } = await listenGateway(t, echo)
  const one = client(url, SECRETS.rpc)
  const admin = client(url, SECRETS.admin)
  await one('agent.execute', { message: 'The zebra crossed the road', sessionKey: 'a' })
  await admin('agent.execute', { message: 'Zebras in the zoo', sessionKey: 'a', agentId: 'other' })
  const find = async (call: typeof one, params: object) =>
    (await call('session.search', params)).result.results.map(({ clientId, role }) => [clientId, role].join(' '))

  const [hit] = (await one('session.search', { query: 'zebras' })).result.results
  const content = 'The zebra crossed the road'
  t.match(hit, { sessionKey: 'a', clientId: 'rpc', role: 'assistant', content, timestamp: Number })
  t.same(await find(one, { query: 'zebra' }), ['rpc assistant', 'rpc user'])
  t.same(await find(admin, { query: 'zebra', limit: 3 }), ['admin assistant', 'admin user', 'rpc assistant'])
  t.same(await find(admin, { query: 'zebra', clientId: 'rpc' }), ['rpc assistant', 'rpc user'])
  t.same(await find(admin, { query: 'zebra', agentId: 'other' }), ['admin assistant', 'admin user'])
  t.same(await find(one, { query: 'zebra', clientId: 'rpc', agentId: 'other' }), [])
  t.match((await one('session.search', { query: 'zebra', clientId: 'admin' })).error, { message: /Insufficient scope/ })
  await admin('session.delete', { sessionKey: 'a', clientId: 'rpc' })
  t.same(await find(one, { query: 'zebra' }), [])
})

t.test('send goes on with a session by its own agent; an admin’s turn in it is seen by its owner', async (t) => {
  const { url } = await listenGateway(t, {
    agents: { default: { provider: 'builtin', model: 'echo' }, other: { provider: 'builtin', model: 'recall' } }
  })
  const one = client(url, SECRETS.rpc)
  const admin = client(url, SECRETS.admin)
  await one('agent.execute', { message: 'My boat is called Nele.', sessionKey: 's', agentId: 'other' })
  const seen = await watch(t, url, { secret: SECRETS.rpc })
  const again = await one('session.send', { sessionKey: 's', message: 'What is my boat called?' })
  t.match(again.result, { response: /Nele/, finishReason: 'stop', sessionKey: 's', turnId: /^turn_/, tokensUsed: {} })

  const sent = await admin('session.send', { sessionKey: 's', clientId: 'rpc', message: 'Which name has the boat?' })
  t.match(sent.result, { response: /Nele/, sessionKey: 's' })
  const { turnId } = sent.result
  await seen.until(() => seen.of('observability:token_usage').length === 2)
  for (const type of ['message:received', 'message:sent', 'observability:token_usage']) {
    t.match(seen.of(type)[1], { turnId, clientId: 'rpc', agentId: 'other', sessionKey: 's' }, type)
  }
  const { messages } = (await one('session.history', { sessionKey: 's' })).result
  t.same(
    messages.map(({ content }) => String(content).split(' ')[0]),
    ['My', 'Noted.', 'What', 'You', 'Which', 'You']
  )
  t.same(
    (await admin('session.history', { sessionKey: 's' })).result.messages,
    [],
    'it is in no session of the admin’s'
  )

  t.match((await admin('session.send', { sessionKey: 's', message: 'x' })).error, { data: { code: 'not_found' } })
  t.match((await one('session.send', { sessionKey: 's', clientId: 'admin', message: 'x' })).error, {
    message: "Insufficient scope: requires 'admin'"
  })
})

t.test('changes wait for the turn that runs, and removing a session stops it', async (t) => {
  await using upstream = await startUpstream()
  const { url } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: { default: { provider: 'up', model: 'slow-30' }, endless: { provider: 'up', model: 'slow' } }
  })
  const one = client(url, SECRETS.rpc)
  const admin = await connect(t, url, { secret: SECRETS.admin })
  const s = { sessionKey: 's', clientId: 'rpc' }
  let ended = ''
  const first = one('agent.execute', { message: 'go', sessionKey: 's' }).finally(() => (ended += 'turn '))
  await upstream.waitFor(() => true)
  const running = (await one('session.status', { sessionKey: 's' })).result.running as string[]
  t.equal(running.length, 1)
  admin.send({ jsonrpc: '2.0', id: 'gives up', method: 'session.reset', params: s })
  const reset = admin.call('session.reset', s).finally(() => (ended += 'reset'))
  t.same((await admin.call('rpc.cancel', { id: 'gives up' })).result, { cancelled: true })
  await reset
  t.match(await first, { result: { finishReason: 'stop', turnId: running[0] } })
  t.equal(ended, 'turn reset')
  t.match(admin.messages.flat().find(({ id }) => id === 'gives up')?.error, { data: { code: 'aborted' } })
  t.same((await one('session.status', { sessionKey: 's' })).result.running, [])

  const turns = ['one', 'two'].map((message) => one('agent.execute', { message, sessionKey: 's', agentId: 'endless' }))
  await upstream.waitFor(({ body }) => (body as { model?: string }).model === 'slow')
  t.same((await admin.call('session.delete', s)).result, { deleted: true })
  for (const turn of turns) t.match(await turn, { result: { finishReason: 'aborted' } })
  t.match((await one('session.status', { sessionKey: 's' })).error, { data: { code: 'not_found' } })
  t.same((await one('session.history', { sessionKey: 's' })).result.messages, [])
})
