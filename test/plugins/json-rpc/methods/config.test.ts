import t from 'tap'
import { startUpstream } from '../../../upstream/start.ts'
import { bearer, buildGateway, listenGateway, SECRETS, temporaryFolder } from '../../../support/gateway.ts'
import { caller, connect } from '../../../support/socket.ts'
import { watch } from '../../../support/watch.ts'

const echo = { agents: { default: { name: 'Echo', provider: 'builtin', model: 'echo' } } }
const KEY = 'sk-patched-0123456789'
const OTHER_KEY = 'another-key-of-a-provider-0123456789'

/** An object in an object, or a list in a list, so many times. */
function nested(levels: number, inner: object = {}): object {
  let value = inner
  for (let n = 0; n < levels; n++) value = Array.isArray(value) ? [value] : { a: value }
  return value
}

t.test('a patch is kept, told and in force at once', async (t) => {
  const dataDir = await temporaryFolder(t)
  const { app, url } = await listenGateway(t, { ...echo, dataDir })
  const rpc = caller(url)
  const seen = await watch(t, url, { query: '?types=config:*,audit:*' })
  const before = (await rpc('config.read')).result
  t.equal(before.version, 1)
  const patched = await rpc('config.patch', { patch: { agents: { default: { name: 'Parrot', maxSteps: 3 } } } })
  const paths = ['agents.default.name', 'agents.default.maxSteps']
  t.same(patched.result, { version: 2, paths, restart: [], overridden: [] })
  t.match((await rpc('agents.list')).result, { agents: [{ id: 'default', name: 'Parrot' }] })
  t.equal((await rpc('config.get', { path: 'agents.default.maxSteps' })).result.value, 3)
  await seen.until(2)
  t.same(seen.of('config:patched'), [{ source: 'patch', paths }])
  t.match(seen.of('audit:event'), [{ action: 'config.patch', subject: paths.join(' '), clientId: 'all' }])
  t.same((await rpc('config.patch', { patch: { agents: { default: { name: 'Parrot' } } } })).result, {
    version: 2,
    paths: [],
    restart: [],
    overridden: []
  })
  await app.close()

  const again = await listenGateway(t, { ...echo, dataDir })
  t.match((await caller(again.url)('agents.list')).result, { agents: [{ id: 'default', name: 'Parrot' }] })
  const { result } = await caller(again.url)('config.history')
  t.match(result.versions, [
    { version: 2, source: 'patch', clientId: 'all', paths },
    { version: 1, source: 'start', paths: [] }
  ])
  t.equal(result.versions.length, 2, 'the same start is no other version')
})

t.test('what would not be usable is refused whole, and changes nothing', async (t) => {
  const { url } = await listenGateway(t, echo)
  const rpc = caller(url)
  const cases: [object, string, RegExp][] = [
    [{ agents: { default: { nmae: 'x' } } }, 'agents.default.nmae', /did you mean "name"/],
    [{ agents: { default: { name: 'New', maxSteps: 0 } } }, 'agents.default.maxSteps', /from 1 to 1000/],
    [{ agents: { default: { name: 'New', provider: 'nobody' } } }, 'agents.default.provider', /no provider "nobody"/],
    [{ agents: { default: { model: 'nothing' } } }, 'agents.default.model', /lists no model "nothing"/],
    [{ agents: { default: { tools: ['nope'] } } }, 'agents.default.tools', /no tool "nope"/],
    [{ agents: { default: null } }, 'agents', /at least 1 key/],
    [{ gateway: { trustedProxies: ['nowhere'] } }, 'gateway.trustedProxies', /IP addresses/],
    [{ gateway: { tokens: [] } }, 'gateway.tokens', /tokens.create/],
    [{ gateway: { enabled: false } }, 'gateway.enabled', /configuration file/],
    [{ gateway: { web: { distPath: '/etc' } } }, 'gateway.web.distPath', /configuration file/],
    [{ dataDir: '/tmp/elsewhere' }, 'dataDir', /configuration file/],
    [{ providers: { x: { type: 'openai', apiKey: { file: '/etc/passwd' } } } }, 'providers.x.apiKey', /a file/],
    [{ providers: { x: { type: 'openai', apiKey: '[redacted]' } } }, 'providers.x.apiKey', /send the value itself/],
    [nested(80), '', /nested more than 64 levels/],
    [{ gateway: { corsOrigins: nested(80, []) } }, '', /nested more than 64 levels/]
  ]
  for (const [patch, path, message] of cases) {
    const { error } = await rpc('config.patch', { patch })
    t.match(error, { code: -32_602, data: { issues: [{ path, message }] } }, path)
  }
  for (const patch of [nested(2000), JSON.parse('{"agents":{"__proto__":{"name":"x"}}}') as object]) {
    t.match((await rpc('config.patch', { patch })).error, { code: -32_600, message: /^Invalid JSON/ })
  }
  t.match((await rpc('config.patch', { patch: 5 })).error, { code: -32_602 })
  t.match((await rpc('config.patch', { patch: [] })).error, { code: -32_602 })
  const { config, version } = (await rpc('config.read')).result
  t.match([config.agents.default.name, version], ['Echo', 1])
  t.equal(({} as Record<string, unknown>).polluted, undefined)
  const error = { code: -32_603, message: "Insufficient scope: requires 'admin'" }
  t.match((await caller(url, SECRETS.rpc)('config.patch', { patch: {} })).error, error)
})

t.test('a set of one key, its history, their difference, and the way back', async (t) => {
  const { url } = await listenGateway(t, echo)
  const rpc = caller(url)
  t.match((await rpc('config.set', { path: 'gateway.port', value: 5000 })).result, {
    version: 2,
    restart: ['gateway.port']
  })
  t.match((await rpc('config.set', { path: ['agents', 'a.b'], value: { provider: 'builtin' } })).result, { version: 3 })
  t.same((await rpc('config.get', { path: ['agents', 'a.b', 'provider'] })).result.value, 'builtin')
  t.match((await rpc('gateway.status')).result, { restart: ['gateway.port'] })
  t.same((await rpc('config.diff', { from: 1, to: 2 })).result.changes, [
    { path: 'gateway.port', from: 4766, to: 5000 }
  ])
  t.match((await rpc('config.diff', { from: 2 })).result, { to: 3, changes: [{ path: 'agents.a.b' }] })
  t.match((await rpc('config.diff', { from: 99 })).error, { code: -32_000, data: { code: 'not_found' } })
  const back = await rpc('config.rollback', { version: 1 })
  t.match(back.result, { version: 4, restart: ['gateway.port'] })
  t.match((await rpc('agents.list')).result.agents.length, 1)
  t.same((await rpc('config.diff', { from: 1, to: 4 })).result.changes, [])
  t.match((await rpc('config.rollback', { version: 3 })).result, { version: 5 })
  t.match((await rpc('agents.list')).result.agents.length, 2)
  t.match((await rpc('config.rollback', { version: 77 })).error, { data: { code: 'not_found' } })
  t.match((await rpc('config.history', { limit: 2, before: 5 })).result.versions, [
    { version: 4, source: 'rollback' },
    { version: 3, source: 'patch' }
  ])
  for (const path of ['', 'gateway..port', []])
    t.match((await rpc('config.set', { path, value: 1 })).error, { code: -32_602 })
})

t.test('a new provider answers at once; its key is neither told nor lost', async (t) => {
  await using upstream = await startUpstream()
  const dataDir = await temporaryFolder(t)
  const { url } = await listenGateway(t, { ...echo, dataDir })
  const rpc = caller(url)
  const up = { type: 'openai-compatible', baseURL: `${upstream.url}/v1`, apiKey: KEY, models: [{ id: 'words' }] }
  const added = await rpc('config.patch', {
    patch: { providers: { up }, agents: { up: { provider: 'up', model: 'words' } } }
  })
  t.same(added.result.paths, ['providers.up', 'agents.up'])
  const answer = await rpc('agent.execute', { message: 'Hello', agentId: 'up' })
  t.equal(answer.result.finishReason, 'stop')
  const { headers } = await upstream.waitFor(() => true)
  t.equal(headers.authorization, `Bearer ${KEY}`)

  const { config } = (await rpc('config.read')).result
  t.equal(config.providers.up.apiKey, '[redacted]')
  config.providers.up.timeoutMs = 5000
  t.same((await rpc('config.patch', { patch: config })).result.paths, ['providers.up.timeoutMs'], 'as it was shown')
  await upstream.reset()
  await rpc('agent.execute', { message: 'Hello', agentId: 'up' })
  t.equal((await upstream.waitFor(() => true)).headers.authorization, `Bearer ${KEY}`)
  const told = JSON.stringify([(await rpc('config.history')).result, (await rpc('config.diff', { from: 1 })).result])
  t.notMatch(told, KEY)
  const { version } = (await rpc('config.patch', { patch: { providers: { up: { apiKey: OTHER_KEY } } } })).result
  const { changes } = (await rpc('config.diff', { from: version - 1 })).result
  t.same(
    changes,
    [{ path: 'providers.up.apiKey', from: '[redacted]', to: '[redacted]' }],
    'that it was changed is told'
  )
  t.match((await rpc('config.patch', { patch: { providers: { up: null } } })).error, {
    data: { issues: [{ path: 'agents.up.provider', message: 'there is no provider "up"' }] }
  })
})

t.test('limits are in force at once', async (t) => {
  const { url } = await listenGateway(t, echo)
  const rpc = caller(url)
  const early = await connect(t, url)
  for (let n = 0; n < 3; n++) await early.call('system.ping')
  await rpc('config.patch', {
    patch: {
      gateway: {
        maxBatchSize: 1,
        wsHeartbeatMs: 50,
        wsMessageRateLimit: { maxMessages: 2 },
        rateLimit: { maxRequests: 3 },
        trustedProxies: ['127.0.0.1']
      }
    }
  })
  await early.call('system.ping')
  await early.call('system.ping')
  early.send({ jsonrpc: '2.0', id: 9, method: 'system.ping' })
  await early.until(() => JSON.stringify(early.messages).includes('Message rate limit exceeded'))
  const socket = await connect(t, url)
  await socket.until(() => socket.of('heartbeat').length > 1)
  socket.send([{ jsonrpc: '2.0', id: 1, method: 'system.ping' }, {}])
  await socket.until(() => JSON.stringify(socket.messages).includes('Batch size 2 exceeds maximum of 1'))
  t.match(await socket.call('system.ping'), { result: { pong: true } })
  socket.send({ jsonrpc: '2.0', id: 9, method: 'system.ping' })
  await socket.until(() => JSON.stringify(socket.messages).includes('Message rate limit exceeded'))
  const statuses = []
  for (let n = 0; n < 5; n++) statuses.push((await fetch(`${url}/api/agents`, { headers: bearer(SECRETS.rpc) })).status)
  t.same(statuses, [200, 200, 200, 429, 429])
})

t.test('the file changes below what was patched; flags stand above', async (t) => {
  const dataDir = await temporaryFolder(t)
  const first = await listenGateway(t, { ...echo, dataDir, gateway: { port: 1 } })
  await caller(first.url)('config.patch', { patch: { gateway: { port: 2 }, agents: { more: { name: 'More' } } } })
  await caller(first.url)('config.patch', { patch: { agents: { default: null } } })
  await first.app.close()
  const file = { agents: { default: { name: 'Echo' }, third: { name: 'Third' } } }
  const second = await listenGateway(t, { ...file, dataDir, gateway: { port: 3 }, overrides: { gateway: { port: 4 } } })
  const { config, version } = (await caller(second.url)('config.read')).result
  t.same(Object.keys(config.agents).toSorted(), ['more', 'third'])
  t.equal(config.gateway.port, 4)
  t.equal(version, 4)
  await second.app.close()

  const unfit = { ...file, dataDir, agents: { default: {} }, overrides: {} }
  const third = await listenGateway(t, { ...unfit, discardPatches: true })
  t.same(Object.keys((await caller(third.url)('config.read')).result.config.agents), ['default'])
  t.match((await caller(third.url)('config.rollback', { version: 2 })).result, {
    paths: ['agents.more', 'gateway.port']
  })
})

t.test('what was patched and does not fit the file any more stops the start, and says how to go on', async (t) => {
  const dataDir = await temporaryFolder(t)
  const providers = { x: { type: 'ollama' as const, baseURL: 'http://127.0.0.1:1/v1' } }
  const { app, url } = await listenGateway(t, { ...echo, dataDir, providers })
  await caller(url)('config.patch', { patch: { agents: { other: { provider: 'x', model: 'm' } } } })
  await app.close()
  await t.rejects(
    buildGateway(t, { ...echo, dataDir, providers: {} }),
    /changed at run time \(version 2; --discard-patches starts without it\):\n {2}agents.other.provider: there is no provider "x"/
  )
})
