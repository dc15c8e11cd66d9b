import t, { type Test } from 'tap'
import { retryDelayMs } from '../../src/models/retry.ts'
import { GatewayError } from '../../src/errors.ts'
import { bearer } from '../support/gateway.ts'
import { gatewayOfTwo, type Setup, startTwo, WAYS } from '../support/two-providers.ts'
import { waitUntil } from '../support/watch.ts'

const { first, second } = startTwo()
const open = (t: Test, setup: Setup) => gatewayOfTwo(t, [first(), second()], setup)

const timed = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
  const startedAt = performance.now()
  return [await work(), performance.now() - startedAt]
}

for (const way of WAYS) {
  t.test(`${way}: a call that fails is made again`, async (t) => {
    const { ask, asked, seen } = await open(t, { model: 'flaky-1-503' })
    t.match(await ask[way](), { status: 200, text: 'hello there' })
    t.same(await asked(), [2, 0])
    await seen.until(() => seen.of('observability:token_usage').length === 1)
    t.same([...seen.of('model:fallback_attempt'), ...seen.of('model:fallback_exhausted')], [])
    t.equal(seen.of('provider:recovered').length, 1)
  })
}

t.test('as often as is configured, and then it is told', async (t) => {
  const never = await open(t, { model: 'flaky-1-500', a: { maxRetries: 0 } })
  t.match(await never.ask.chat(), { status: 502, text: /failed with status 500/ })
  t.same(await never.asked(), [1, 0])
  const often = await open(t, { model: 'flaky-3-500', a: { maxRetries: 3 } })
  t.equal((await often.ask.model()).status, 200)
  t.same(await often.asked(), [4, 0])
  const tooFew = await open(t, { model: 'flaky-3-500', a: { maxRetries: 2 } })
  t.equal((await tooFew.ask.model()).status, 502)
  t.same(await tooFew.asked(), [3, 0])
})

t.test('Retry-After is waited for where it is short, and passed on where it is long', async (t) => {
  for (const status of [429, 503]) {
    const short = await open(t, { model: `flaky-1-${status}-1s` })
    const [answer, ms] = await timed(() => short.ask.chat())
    t.match(answer, { status: 200, text: 'hello there' }, `${status}`)
    t.ok(ms >= 1000 && ms < 2500, `${ms} ms`)
  }
  for (const way of WAYS) {
    const long = await open(t, { model: 'flaky-1-429-29.5s' })
    const [answer, ms] = await timed(() => long.ask[way]())
    t.match(answer, { status: 429, retryAfter: '30' }, way)
    t.ok(ms < 1000, `${ms} ms`)
    t.same(await long.asked(), [1, 0])
  }
})

t.test('a time-out is not waited for again', async (t) => {
  const { ask, asked } = await open(t, { model: 'silent' })
  const [answer, ms] = await timed(() => ask.chat())
  t.equal(answer.status, 504)
  t.ok(ms < 1000, `${ms} ms`)
  t.same(await asked(), [1, 0])
})

t.test('the last alternative is called again, those before it are not', async (t) => {
  const { ask, asked } = await open(t, { model: 'status-500', fallbacks: ['b/flaky-1-500'] })
  t.match(await ask.modelStream(), { status: 200, text: 'hello there' })
  t.same(await asked(), [1, 2])
})

t.test('who waits can be stopped at once, and nothing is asked any more', async (t) => {
  const { url, rpc, ask, asked, seen } = await open(t, { model: 'flaky-2-503-5s' })
  const running = async () => (await rpc('turn.list')).result.turns as { id: string }[]
  const startedAt = performance.now()
  const answer = ask.chat()
  await seen.until(() => seen.of('provider:degraded').length === 1)
  await rpc('turn.cancel', { turnId: (await running())[0]?.id })
  t.match(await answer, { status: 200, text: '' })

  const leaving = new AbortController()
  const headers = { ...bearer(), 'content-type': 'application/json' }
  const left = fetch(`${url}/api/chat`, { method: 'POST', headers, body: '{"message":"hi"}', signal: leaving.signal })
  await waitUntil(async () => (await first().requests())[1]?.ended === 'complete')
  leaving.abort()
  await t.rejects(left)
  await waitUntil(async () => (await running()).length === 0)
  t.ok(performance.now() - startedAt < 4000)
  t.same(await asked(), [2, 0])
})

t.test('vectors are asked for again, of the same model', async (t) => {
  const models = [{ id: 'flaky-1-503', kind: 'embedding' as const }]
  const { url, asked } = await open(t, { model: 'words', b: { models } })
  const embed = () =>
    fetch(`${url}/v1/embeddings`, {
      method: 'POST',
      headers: { ...bearer(), 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'b/flaky-1-503', input: 'a text' })
    })
  t.equal((await embed()).status, 200)
  t.same(await asked(), [0, 2])
})

t.test('the time between two calls is random, and may be longer each time', async (t) => {
  const failed = new GatewayError('provider_failed', 'it failed')
  t.same(
    [1, 2, 3, 20].map((failures) => retryDelayMs(failed, failures, 1)),
    [250, 500, 1000, 8000]
  )
  t.equal(retryDelayMs(failed, 3, 0), 0)
  const limited = (retryAfterSeconds: number) =>
    new GatewayError('provider_rate_limited', 'slow', { retryAfterSeconds })
  t.same([retryDelayMs(limited(5), 1, 0), retryDelayMs(limited(5), 1, 1)], [5000, 5250], 'never before it is said')
  t.equal(retryDelayMs(limited(6), 1, 0), undefined)
  for (const code of ['provider_timeout', 'provider_refused', 'invalid_request', 'model_not_found'] as const) {
    t.equal(retryDelayMs(new GatewayError(code, 'it failed'), 1), undefined, code)
  }
  t.equal(retryDelayMs(new TypeError('a fault of the gateway'), 1), undefined)
})
