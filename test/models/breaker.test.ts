import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Gateway, gatewayOfTwo, type Setup, startTwo, WAYS } from '../support/two-providers.ts'

const { first, second } = startTwo()
const open = (t: Test, setup: Setup) => gatewayOfTwo(t, [first(), second()], setup)
const once = { maxRetries: 0 }

interface ProviderReport {
  status: string
  breaker: { status: string; failures: number; retryAt?: number }
}
const report = async ({ rpc }: Gateway): Promise<ProviderReport> => (await rpc('obs.diagnostics')).result.providers[0]

t.test('it opens, fails fast, lets one call through, and closes', async (t) => {
  const a = { ...once, breaker: { failures: 3, cooldownMs: 400 } }
  const gateway = await open(t, { model: 'flaky-4-500', a })
  const { ask, asked } = gateway
  t.match(await report(gateway), { breaker: { status: 'closed', failures: 0 } })
  for (let call = 0; call < 3; call++) t.match(await ask.chat(), { status: 502, text: /status 500/ })
  t.match(await report(gateway), { status: 'degraded', breaker: { status: 'open', failures: 3, retryAt: Number } })
  for (const way of WAYS) {
    t.match(
      await ask[way](),
      { status: 502, retryAfter: '1', text: /"a" is not called for now: 3 calls in a row/ },
      way
    )
  }
  t.same(await asked(), [3, 0])

  await sleep(420)
  const together = await Promise.all(WAYS.map((way) => ask[way]()))
  t.same(await asked(), [4, 0], 'one call tries')
  t.equal(together.filter(({ text }) => text.includes('status 500')).length, 1)
  const { breaker } = await report(gateway)
  t.match(breaker, { status: 'open', failures: 4 })
  t.ok((breaker.retryAt ?? 0) - Date.now() > 410, 'and twice as long as before it is left alone')

  await sleep(820)
  t.match(await ask.chat(), { status: 200, text: 'hello there' })
  t.same((await report(gateway)).breaker, { status: 'closed', failures: 0 })
  t.equal((await ask.model()).status, 200)
})

t.test('once a call is being answered the others need not wait for its end', async (t) => {
  const a = { ...once, breaker: { failures: 1, cooldownMs: 50 }, models: [{ id: 'flaky-1-500' }, { id: 'slow' }] }
  const gateway = await open(t, { model: 'flaky-1-500', a, agent: { model: 'slow' } })
  t.equal((await gateway.ask.model()).status, 502)
  await sleep(60)
  const slow = gateway.ask.chatStream()
  const request = await first().waitFor(({ body }) => (body as { model: string }).model === 'slow')
  t.equal(request.closedAt, undefined)
  while ((await report(gateway)).breaker.status !== 'closed') await sleep(5)
  t.equal((await gateway.ask.model()).status, 200)
  await gateway.rpc('turn.list').then(({ result }) => gateway.rpc('turn.cancel', { turnId: result.turns[0].id }))
  await slow
})

t.test('a call that is stopped while it tries lets the next one try', async (t) => {
  const a = { ...once, timeoutMs: 5000, breaker: { failures: 1, cooldownMs: 50 } }
  const models = [{ id: 'flaky-1-500' }, { id: 'silent' }]
  const gateway = await open(t, { model: 'flaky-1-500', a: { ...a, models }, agent: { model: 'silent' } })
  const { ask, rpc } = gateway
  t.equal((await ask.model()).status, 502)
  await sleep(60)
  const trying = ask.chat()
  await first().waitFor(({ body }) => (body as { model: string }).model === 'silent')
  t.match(await report(gateway), { breaker: { status: 'half_open' } })
  t.match(await ask.model(), { status: 502, text: /not called for now/ })
  await rpc('turn.list').then(({ result }) => rpc('turn.cancel', { turnId: result.turns[0].id }))
  await trying
  t.equal((await ask.model()).status, 200)
})

t.test('while it is open the alternative is called at once', async (t) => {
  const a = { breaker: { failures: 2, cooldownMs: 60_000 } }
  const { ask, asked, seen } = await open(t, { model: 'status-500', fallbacks: ['b/words'], a })
  for (const way of WAYS) t.match(await ask[way](), { status: 200, text: 'hello there' }, way)
  t.same(await asked(), [2, WAYS.length])
  await seen.until(() => seen.of('observability:token_usage').length === WAYS.length)
  const reasons = seen.of('model:fallback_attempt').map(({ reason }) => reason)
  t.same(reasons, ['provider_failed', 'provider_failed', ...Array(4).fill('circuit_open')])
})

t.test('when all are open the answer says when the first one comes back', async (t) => {
  const breaker = { failures: 1, cooldownMs: 60_000 }
  const b = { ...once, breaker: { failures: 1, cooldownMs: 20_000 } }
  const { ask, asked, seen } = await open(t, { model: 'status-500', fallbacks: ['b/status-500'], a: { breaker }, b })
  t.equal((await ask.chat()).status, 502)
  t.match(await ask.model(), { status: 502, retryAfter: '20', text: /"b" is not called/ })
  t.same(await asked(), [1, 1])
  await seen.until(() => seen.of('model:fallback_exhausted').length === 2)
})

t.test('calls that were under way when it opened do not keep it open for longer', async (t) => {
  const gateway = await open(t, { model: 'silent', a: { ...once, breaker: { failures: 2, cooldownMs: 60_000 } } })
  await Promise.all(WAYS.map((way) => gateway.ask[way]()))
  t.same(await gateway.asked(), [WAYS.length, 0])
  const { breaker } = await report(gateway)
  t.match(breaker, { status: 'open', failures: 2 })
  t.ok((breaker.retryAt ?? 0) - Date.now() <= 60_000)
})

t.test('what is no fault of the provider does not open it', async (t) => {
  const a = { ...once, breaker: { failures: 2, cooldownMs: 60_000 } }
  for (const model of ['status-429', 'status-400', 'status-404']) {
    const gateway = await open(t, { model, a })
    for (let call = 0; call < 4; call++) await gateway.ask.chat()
    t.match(await report(gateway), { breaker: { status: 'closed', failures: 0 } }, model)
    t.same(await gateway.asked(), [4, 0])
  }
})

t.test('time-outs, broken answers and refused credentials do open it', async (t) => {
  const a = { ...once, timeoutMs: 100, breaker: { failures: 2, cooldownMs: 60_000 } }
  for (const model of ['silent', 'reset', 'truncated', 'status-401']) {
    const gateway = await open(t, { model, a })
    for (let call = 0; call < 3; call++) await gateway.ask.chatStream()
    t.match(await report(gateway), { breaker: { status: 'open', failures: 2 } }, model)
    t.same(await gateway.asked(), [2, 0])
  }
})

t.test('another configuration of the provider closes it, that of another one does not', async (t) => {
  const gateway = await open(t, { model: 'flaky-1-500', a: { ...once, breaker: { failures: 1, cooldownMs: 60_000 } } })
  const { ask, rpc } = gateway
  t.equal((await ask.chat()).status, 502)
  await rpc('config.patch', { patch: { providers: { b: { timeoutMs: 1000 } } } })
  t.match(await report(gateway), { breaker: { status: 'open' } })
  t.match(await ask.chat(), { status: 502, text: /not called/ })
  const refused = await rpc('config.patch', {
    patch: { providers: { a: { timeoutMs: 1000 } }, agents: { default: { model: 'x' } } }
  })
  t.match(refused, { error: { code: -32602 } })
  t.match(await report(gateway), { breaker: { status: 'open' } }, 'a change that was refused is none')
  await rpc('config.patch', { patch: { providers: { a: { timeoutMs: 1000 } } } })
  t.match(await report(gateway), { breaker: { status: 'closed', failures: 0 } })
  t.equal((await ask.chat()).status, 200)
})

t.test('a trial goes through, and closes it where it works', async (t) => {
  const gateway = await open(t, { model: 'flaky-2-500', a: { ...once, breaker: { failures: 1, cooldownMs: 60_000 } } })
  const { ask, rpc } = gateway
  t.equal((await ask.chat()).status, 502)
  t.match((await rpc('models.test', { model: 'a/flaky-2-500' })).result, { ok: false })
  t.match(await ask.chat(), { status: 502, text: /not called/ })
  t.match((await rpc('models.test', { model: 'a/flaky-2-500' })).result, { ok: true })
  t.equal((await ask.chat()).status, 200)
})

t.test('with 0 it never opens', async (t) => {
  const { ask, asked } = await open(t, { model: 'status-500', a: { ...once, breaker: { failures: 0 } } })
  for (let call = 0; call < 8; call++) await ask.chat()
  t.same(await asked(), [8, 0])
})
