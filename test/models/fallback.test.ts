import t from 'tap'
import { gatewayOfTwo, type Setup, startTwo, WAYS } from '../support/two-providers.ts'
import type { Test } from 'tap'

const { first, second } = startTwo()
const open = (t: Test, setup: Setup) => gatewayOfTwo(t, [first(), second()], setup)

/** Asked again and again, nothing is left alone but what the provider says itself. */
const NO_BREAKER = { failures: 0 }
const DOWN = 'http://127.0.0.1:1/v1'

const FAILURES: { model: string; reason: string; skipped?: string; a?: Setup['a'] }[] = [
  { model: 'status-500', reason: 'provider_failed' },
  { model: 'status-503', reason: 'provider_failed' },
  { model: 'status-429', reason: 'provider_rate_limited', skipped: 'rate_limited' },
  { model: 'status-401', reason: 'provider_refused', skipped: 'auth_cooldown' },
  { model: 'silent', reason: 'provider_timeout' },
  { model: 'reset-first', reason: 'provider_failed' },
  { model: 'words', reason: 'provider_failed', a: { baseURL: DOWN } }
]

for (const { model, reason, skipped = reason, a } of FAILURES) {
  t.test(`${model}${a ? ' of a provider that is not there' : ''}: the alternative answers`, async (t) => {
    const fallbacks = ['b/words']
    const { ask, seen, asked } = await open(t, { model, fallbacks, a: { breaker: NO_BREAKER, ...a } })
    for (const way of WAYS) t.match(await ask[way](), { status: 200, text: 'hello there' }, way)
    await seen.until(() => seen.of('observability:token_usage').length === WAYS.length)
    const attempts = seen.of('model:fallback_attempt')
    t.equal(attempts.length, WAYS.length)
    const place = { turnId: /^turn_/, clientId: 'all' }
    t.match(attempts[0], { from: `a/${model}`, to: 'b/words', reason, agentId: 'default', ...place })
    t.match(attempts.at(-1), { from: `a/${model}`, to: 'b/words', reason: skipped, ...place })
    t.same(seen.of('model:fallback_exhausted'), [])
    t.match(seen.of('provider:degraded'), [{ provider: 'a', reason }])
    t.ok(seen.of('observability:token_usage').every(({ provider, model }) => provider === 'b' && model === 'words'))
    if (!a) t.same(await asked(), [skipped === reason ? WAYS.length : 1, WAYS.length], 'what it asked for is kept to')
  })
}

t.test('a provider that refuses the credentials is left alone, and that is told once', async (t) => {
  const { ask, seen, asked, rpc } = await open(t, { model: 'status-401', fallbacks: ['b/words'] })
  const before = Date.now()
  await Promise.all([ask.chat(), ask.model()])
  await ask.agent()
  await seen.until(() => seen.of('observability:token_usage').length === 3)
  t.match(seen.of('model:auth_cooldown'), [{ provider: 'a', untilMs: Number }])
  const { untilMs } = seen.of('model:auth_cooldown')[0] as { untilMs: number }
  t.ok(untilMs > before + 10_000 && untilMs < Date.now() + 120_000)
  t.ok((await asked())[0] <= 2)
  t.match((await rpc('obs.diagnostics')).result.providers, [{ id: 'a', authCooldownUntil: untilMs }, { id: 'b' }])
  await rpc('config.patch', { patch: { providers: { a: { apiKey: 'another' } } } })
  t.equal((await rpc('obs.diagnostics')).result.providers[0].authCooldownUntil, undefined)
})

t.test('without an alternative refused credentials do not keep requests away', async (t) => {
  const { ask, seen, asked } = await open(t, { model: 'status-401', a: { breaker: NO_BREAKER } })
  for (const way of WAYS) t.match(await ask[way](), { status: 502, text: /refused the gateway's credentials/ }, way)
  t.same(await asked(), [WAYS.length, 0], 'and are not tried again')
  await seen.until(() => seen.of('system:error').length === WAYS.length)
  t.equal(seen.of('model:auth_cooldown').length, 1)
})

for (const [model, status] of [
  ['status-400', 400],
  ['status-404', 404]
] as const) {
  t.test(`${model}: what is the fault of the request is tried nowhere else`, async (t) => {
    const { ask, seen, asked } = await open(t, { model, fallbacks: ['b/words'] })
    for (const way of WAYS) t.equal((await ask[way]()).status, status, way)
    t.same(await asked(), [WAYS.length, 0])
    await seen.until(() => seen.of('system:error').length === WAYS.length)
    t.same(seen.of('model:fallback_attempt'), [])
    t.same(seen.of('model:fallback_exhausted'), [])
  })
}

for (const model of ['reset', 'stalled', 'error-mid', 'truncated']) {
  t.test(`${model}: nothing goes on silently after the first token`, async (t) => {
    const { ask, seen, asked } = await open(t, { model, fallbacks: ['b/words'], a: { breaker: NO_BREAKER } })
    const inPieces = WAYS.filter((way) => way !== 'model')
    for (const way of inPieces) {
      const { status, text } = await ask[way]()
      t.equal(status, way.endsWith('Stream') ? 200 : model === 'stalled' ? 504 : 502, way)
      t.match(text, way.endsWith('Stream') ? /^token0 token1 .*The (provider|connection)/ : /provider "a"/, way)
    }
    t.same(await asked(), [inPieces.length, 0])
    await seen.until(() => seen.of('system:error').length === inPieces.length)
    t.same(seen.of('model:fallback_attempt'), [])
    if (model === 'stalled') return
    t.match(
      await ask.model(),
      { status: 200, text: 'hello there' },
      'an answer in one piece has no first token before its last'
    )
    await seen.until(() => seen.of('model:fallback_attempt').length === 1)
  })
}

t.test('all fail: it is told, and the error says when to come again', async (t) => {
  const fallbacks = ['b/status-503', 'b/status-429', 'b/status-500']
  const { ask, seen, asked } = await open(t, { model: 'status-500', fallbacks, b: { maxRetries: 0 } })
  t.match(await ask.chat(), { status: 429, retryAfter: '7', text: /"b" is limiting/ })
  t.same(await asked(), [1, 3])
  await seen.until(() => seen.of('model:fallback_exhausted').length === 1)
  t.match(seen.of('model:fallback_attempt'), [
    { from: 'a/status-500', to: 'b/status-503', reason: 'provider_failed' },
    { from: 'b/status-503', to: 'b/status-429', reason: 'provider_failed' },
    { from: 'b/status-429', to: 'b/status-500', reason: 'provider_rate_limited' }
  ])
  const place = { turnId: /^turn_/, clientId: 'all', agentId: 'default' }
  t.match(seen.of('model:fallback_exhausted'), [{ model: 'a/status-500', reason: 'provider_rate_limited', ...place }])
  t.match(seen.of('provider:degraded'), [{ provider: 'a' }, { provider: 'b' }])
})

t.test('what an alternative says of the request is not told, and the next one is tried', async (t) => {
  const bad = await open(t, { model: 'status-500', fallbacks: ['b/status-400', 'b/status-404'] })
  t.match(await bad.ask.chat(), { status: 502, text: /"a" failed with status 500/ })
  const good = await open(t, { model: 'status-500', fallbacks: ['b/status-400', 'b/status-404', 'b/words'] })
  t.match(await good.ask.modelStream(), { status: 200, text: 'hello there' })
})

t.test('a model that stands in for itself is asked once', async (t) => {
  const { ask, asked } = await open(t, { model: 'status-500', fallbacks: ['a/status-500', 'b/words'] })
  t.equal((await ask.model()).status, 200)
  t.same(await asked(), [1, 1])
})

t.test('an agent without alternatives of its own has those of its model; an empty list means none', async (t) => {
  const fallbacks = ['b/words']
  const inherits = await open(t, { model: 'status-500', fallbacks, agent: { fallbacks: undefined } })
  t.equal((await inherits.ask.chat()).status, 200)
  const none = await open(t, { model: 'status-500', fallbacks, agent: { fallbacks: [] } })
  t.equal((await none.ask.chat()).status, 502)
  t.equal((await none.ask.model()).status, 200)
})

t.test('a trial of a model is of that model alone', async (t) => {
  const { rpc, asked, seen } = await open(t, { model: 'status-500', fallbacks: ['b/words'] })
  t.match((await rpc('models.test', { model: 'a/status-500' })).result, { ok: false, model: 'a/status-500' })
  t.same(await asked(), [1, 0])
  await seen.until(() => seen.of('system:error').length === 1)
  t.same(seen.of('model:fallback_attempt'), [])
})
