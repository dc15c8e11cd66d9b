import t from 'tap'
import Type from 'typebox'
import { defineMethod, RpcError } from '../../../src/gateway.ts'
import { listenGateway, SECRETS } from '../../support/gateway.ts'
import { caller, connect } from '../../support/socket.ts'
import { startUpstream } from '../../upstream/start.ts'

const params = Type.Object({ n: Type.Optional(Type.Integer({ default: 5 })) })
const circular: Record<string, unknown> = {}
circular.self = circular

const METHODS = [
  defineMethod({
    name: 'host.bigint',
    summary: 'Fails with what is no JSON',
    params: Type.Object({}),
    result: Type.Unknown(),
    handler() {
      throw new RpcError(-32_001, 'no', { n: 1n })
    }
  }),
  defineMethod({
    name: 'host.circular',
    summary: 'Fails later with what is no JSON',
    params: Type.Object({}),
    result: Type.Unknown(),
    handler: () => Promise.reject(new RpcError(-32_001, 'no', circular))
  }),
  defineMethod({
    name: 'host.nothing',
    summary: 'Returns nothing',
    params: Type.Object({}),
    result: Type.Unknown(),
    handler: () => undefined
  }),
  defineMethod({
    name: 'host.default',
    summary: 'Has a default',
    params,
    result: Type.Object({ n: Type.Integer() }),
    handler: ({ n = 0 }) => ({ n })
  })
]

t.test('whatever a handler of a host does, its caller is answered and the process goes on', async (t) => {
  let notify: ((method: string, params: object) => number) | undefined
  const { url } = await listenGateway(t, {
    agents: { default: { provider: 'builtin', model: 'echo' } },
    extend({ rpc }) {
      for (const method of METHODS) rpc.method(method)
      notify = rpc.notify
    }
  })
  const socket = await connect(t, url)
  for (const call of [caller(url), socket.call]) {
    for (const method of ['host.bigint', 'host.circular']) {
      const answer = await call(method, {})
      t.match(answer, { error: { code: -32_603, message: 'Internal error' } }, method)
      t.ok('id' in answer && answer.id, 'under its id')
    }
    t.equal((await call('host.nothing', {})).result, null)
    t.same((await call('host.default', {})).result, { n: 5 })
    t.same((await call('host.default', { n: 7 })).result, { n: 7 })
    t.match((await call('host.default', { m: 7 })).error, { data: { issues: [{ path: 'm', message: /unknown key/ }] } })
  }
  t.throws(() => notify?.('x', { b: 'x'.repeat(2_000_000) }), /at most 1048576 bytes/)
  t.match(await socket.call('system.ping'), { result: { pong: true } }, 'and nobody was closed for it')
})

t.test('params that a method does not have are refused', async (t) => {
  const { url } = await listenGateway(t)
  const rpc = caller(url)
  const cases: [string, object, string][] = [
    ['tokens.create', { id: 'x', scopes: ['rpc'], expires_at: 1 }, 'expires_at'],
    ['tokens.rotate', { id: 'all', grace: 0 }, 'grace'],
    ['system.ping', { x: 1 }, 'x'],
    ['events.subscribe', { typess: [] }, 'typess']
  ]
  for (const [method, given, path] of cases) {
    t.match((await rpc(method, given)).error, { code: -32_602, data: { issues: [{ path }] } }, method)
  }
  t.match((await rpc('rpc.cancel')).error, {
    data: { issues: [{ message: 'missing: expected a string or a number' }] }
  })
  t.match((await rpc('config.set', { path: 'x' })).error, {
    data: { issues: [{ message: 'missing: expected a value' }] }
  })
  t.match((await rpc('memory.browse', { before: 'garbage' })).error, { data: { code: 'invalid_request' } })
  for (const sessionKey of ['\ud800', '.', '..']) {
    const { error } = await rpc('agent.execute', { message: 'x', sessionKey })
    t.match(error, { code: -32_602, data: { issues: [{ path: 'sessionKey' }] } })
  }
})

t.test('of a batch nothing more is begun once its client has gone', async (t) => {
  await using upstream = await startUpstream()
  const { url } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: { default: { provider: 'up', model: 'slow' } }
  })
  const batch = [
    { jsonrpc: '2.0', id: 1, method: 'agent.execute', params: { message: 'x' } },
    { jsonrpc: '2.0', id: 2, method: 'config.set', params: { path: 'agents.default.name', value: 'After' } }
  ]
  const socket = await connect(t, url)
  socket.send(batch)
  const leave = new AbortController()
  const posted = fetch(`${url}/rpc`, {
    method: 'POST',
    headers: { authorization: `Bearer ${SECRETS.all}`, 'content-type': 'application/json' },
    body: JSON.stringify(batch),
    signal: leave.signal
  }).catch(() => {})
  const rpc = caller(url)
  while ((await rpc('turn.list')).result.turns.length < 2) continue
  socket.ws.terminate()
  leave.abort()
  await posted
  while ((await rpc('turn.list')).result.turns.length > 0) continue
  t.equal((await rpc('config.read')).result.config.agents.default.name, undefined)
})

t.test('however much is asked for in one piece, so much is answered as is read', async (t) => {
  const { url } = await listenGateway(t, {
    agents: { default: { provider: 'builtin', model: 'echo' } },
    gateway: { wsMessageRateLimit: { maxMessages: 100_000 } }
  })
  const rpc = caller(url)
  const message = 'x'.repeat(300_000)
  for (let n = 0; n < 4; n++) await rpc('agent.execute', { message, sessionKey: 'fat' })
  const { result } = await rpc('session.history', { sessionKey: 'fat' })
  t.equal(result.messages.length, 3, 'about a megabyte in one answer')
  const socket = await connect(t, url)
  const before = process.memoryUsage.rss()
  socket.ws.pause()
  for (let id = 1; id <= 600; id++) {
    socket.ws.send(JSON.stringify({ jsonrpc: '2.0', id, method: 'session.history', params: { sessionKey: 'fat' } }))
  }
  const began = performance.now()
  await fetch(`${url}/health`)
  t.ok(performance.now() - began < 15_000)
  const grown = (process.memoryUsage.rss() - before) / 1e6
  t.ok(grown < 300, `grown by ${grown.toFixed()} MB`)
})
