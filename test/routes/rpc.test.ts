import t from 'tap'
import { bearer, buildGateway, listenGateway, SECRETS, servicesOf } from '../support/gateway.ts'
import { post } from '../support/socket.ts'

const json = { 'content-type': 'application/json' }
const call = (method: string, params?: object) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
const echo = { agents: { default: { name: 'Echo', provider: 'builtin', model: 'echo' } } }

t.test('what HTTP refuses is told in the form of JSON-RPC', async (t) => {
  const app = await buildGateway(t, { gateway: { httpBodyLimitBytes: 1024, rateLimit: { maxRequests: 7 } } })
  const send = (payload: string, headers: object) =>
    app.inject({ method: 'POST', url: '/rpc', payload, headers: { ...json, ...headers } })
  const cases: [string, object, number, object][] = [
    [call('system.ping'), {}, 401, { code: -32_000, message: 'Unauthorized' }],
    [call('system.ping'), bearer('x'.repeat(40)), 401, { code: -32_000, message: 'Unauthorized' }],
    [call('system.ping'), bearer(SECRETS.api), 403, { code: -32_603, message: 'Forbidden: insufficient scope' }],
    [call('system.ping'), bearer(SECRETS.mcp), 403, { code: -32_603, message: 'Forbidden: insufficient scope' }],
    ['x'.repeat(1025), bearer(), 413, { code: -32_600, message: /1024 bytes \(gateway.httpBodyLimitBytes\)/ }],
    [call('system.ping'), { ...bearer(), 'content-type': 'text/plain' }, 415, { code: -32_600 }]
  ]
  for (const [payload, headers, status, error] of cases) {
    const answer = await send(payload, headers)
    t.match([answer.statusCode, answer.json()], [status, { jsonrpc: '2.0', error, id: null }])
  }
  for (let n = 0; n < 7; n++) await send(call('system.ping'), bearer(SECRETS.rpc))
  const limited = await send(call('system.ping'), bearer(SECRETS.rpc))
  t.match(
    [limited.statusCode, limited.json()],
    [
      429,
      {
        jsonrpc: '2.0',
        error: { code: -32_000, message: 'Rate limit exceeded', data: { code: 'rate_limited' } },
        id: null
      }
    ]
  )
  t.ok(limited.headers['retry-after'])
  const got = await app.inject({ url: '/rpc', headers: bearer() })
  t.match([got.statusCode, got.headers.allow, got.json()], [405, /POST/, { jsonrpc: '2.0', id: null }])
})

t.test('errors of JSON-RPC come with 200, an empty body and bytes that are no UTF-8 too', async (t) => {
  const { url } = await listenGateway(t)
  for (const body of ['', '{', Uint8Array.of(0x22, 0xe2, 0x82, 0x22)]) {
    const { status, json } = await post(url, body)
    t.match([status, json], [200, { error: { code: -32_700, message: 'Parse error' }, id: null }])
  }
})

t.test('a scope that is too narrow for a method', async (t) => {
  const { url } = await listenGateway(t)
  const error = { code: -32_603, message: "Insufficient scope: requires 'admin'" }
  const data = { code: 'forbidden' }
  const answer = { jsonrpc: '2.0', error: { ...error, data }, id: 1 }
  t.same((await post(url, call('config.read'), SECRETS.rpc)).json, answer)
  t.match((await post(url, call('session.history', { clientId: 'all' }), SECRETS.rpc)).json, { error })
  t.match((await post(url, call('rpc.discover'), SECRETS.rpc)).json, { result: { openrpc: '1.3.2' } })
})

t.test('params are checked, by name and by position', async (t) => {
  const { url } = await listenGateway(t, echo)
  const failing = async (params: unknown) =>
    ((await post(url, call('agent.execute', params as object))).json as { error: object }).error
  const issues = [{ path: 'message', message: 'missing: expected a string of at least 1 character' }]
  const missing = { code: 'invalid_request', issues }
  t.same(await failing({}), { code: -32_602, message: 'Invalid params', data: missing })
  t.match(await failing({ message: 5 }), { code: -32_602, data: { issues: [{ path: 'message' }] } })
  t.match(await failing([1, 2, 3, 4, 5, 6]), {
    data: { issues: [{ path: '5', message: 'expected at most 5 params' }] }
  })
  t.match(await failing({ message: 'x', agentId: 'nobody' }), {
    code: -32_602,
    message: 'Unknown agent: nobody',
    data: { code: 'unknown_agent', issues: [{ path: 'agentId' }] }
  })
  t.match(await failing(5), { code: -32_600, message: 'Invalid Request' })
})

t.test('every method does what its REST route does', async (t) => {
  const { app, url } = await listenGateway(t, { ...echo, configPaths: ['/etc/comis.yaml'], channels: { tel: {} } })
  const result = async (method: string, params?: object) =>
    ((await post(url, call(method, params))).json as { result: Record<string, unknown> }).result
  const rest = async (path: string) => (await fetch(`${url}${path}`, { headers: bearer() })).json()

  t.match(await result('agent.execute', { message: 'hello', sessionKey: 's' }), { response: 'hello', sessionKey: 's' })
  t.match(await result('agent.stream', ['again', 'default', 's']), { response: 'again', finishReason: 'stop' })
  t.same(await result('session.history', { sessionKey: 's' }), await rest('/api/chat/history?channelId=s'))
  t.same(await result('agents.list'), await rest('/api/agents'))
  t.same(await result('agent.list'), await rest('/api/agents'))
  t.same(await result('channels.list'), await rest('/api/channels'))
  t.same(await result('channel.list'), await rest('/api/channels'))
  t.match(await result('channels.get', { type: 'tel' }), { type: 'tel', status: 'unavailable' })
  t.same(await result('turn.list'), await rest('/api/turns'))
  t.match(await result('agents.get', ['default']), { name: 'Echo', config: { provider: 'builtin', maxSteps: 10 } })
  t.match(await result('models.list'), { models: [{ id: 'builtin/recall', provider: 'builtin' }, {}] })
  t.same(await result('models.list_providers'), { providers: [{ id: 'builtin' }] })
  t.match(await result('gateway.status'), { pid: process.pid, configPaths: ['/etc/comis.yaml'], sections: /gateway/ })

  const kept = await result('memory.store', { content: 'The car is a blue Volvo', tags: ['car'] })
  t.match(kept, { id: /^mem_/, source: 'operator', tags: ['car'] })
  t.match(await result('memory.search', { query: 'car' }), { results: [{ id: kept.id }] })
  t.match(await result('memory.browse', { limit: 1 }), { entries: [kept], next: String })
  t.same(await result('memory.export'), { entries: [kept] })
  t.same(await result('memory.stats'), await rest('/api/memory/stats'))
  t.same(await result('memory.delete', { ids: [kept.id, 'mem_none'] }), { deleted: 1 })
  t.equal((await servicesOf(app)).turns.running, 0)
})

t.test('the configuration is told without its secrets', async (t) => {
  const { url } = await listenGateway(t, {
    providers: { up: { type: 'openai', apiKey: 'sk-very-secret', models: [] } }
  })
  for (const [method, params] of [['config.read'], ['config.get', { path: 'providers.up' }]] as const) {
    const { text } = await post(url, call(method, params))
    t.match(text, '[redacted]')
    t.notMatch(text, 'sk-very-secret')
    t.notMatch(text, SECRETS.all)
  }
  t.match((await post(url, call('config.get', ['gateway.maxBatchSize']))).json, { result: { value: 50 } })
  t.match((await post(url, call('config.schema'))).json, { result: { schema: { title: /configuration/ } } })
  for (const path of ['gateway.nothing', '__proto__', 'constructor.name', 'gateway.host.length']) {
    t.match((await post(url, call('config.get', { path }))).json, { error: { data: { code: 'not_found' } } }, path)
  }
})

t.test('what needs an engine that is not there is no method', async (t) => {
  const { url } = await listenGateway(t)
  for (const method of ['cron.list', 'skills.list', 'graph.define', 'subagent.kill', 'toString', '__proto__', '']) {
    t.match((await post(url, call(method))).json, { error: { code: -32_601 }, id: 1 }, method)
  }
})

t.test('what needs a WebSocket says so', async (t) => {
  const { url } = await listenGateway(t)
  for (const [method, params] of [
    ['events.subscribe', {}],
    ['events.unsubscribe', { subscription: 'x' }],
    ['rpc.cancel', { id: 1 }]
  ] as const) {
    t.match((await post(url, call(method, params))).json, { error: { message: /needs a WebSocket/ } }, method)
  }
})
