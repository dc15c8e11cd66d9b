import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { GatewayOptions } from '../../src/gateway.ts'
import { bearer, listenGateway } from '../support/gateway.ts'
import { caller } from '../support/socket.ts'
import { askOver } from '../support/surfaces.ts'
import { waitUntil, watch } from '../support/watch.ts'
import { startUpstream, type Upstream } from '../upstream/start.ts'

const ADMIN = 'admin-of-limits-0123456789-0123456789-01234'
const KEY = 'key-of-limits-0123456789-0123456789-0123456'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

const MODELS = ['words', 'slow-30', 'slow', 'silent', 'status-500', 'tool-loop', 'truncated']

async function start(t: Test, limits: object, more: GatewayOptions = {}) {
  const provider = { type: 'openai-compatible', baseURL: `${upstream.url}/v1`, maxRetries: 0 } as const
  const { url } = await listenGateway(t, {
    gateway: {
      tokens: [
        { id: 'boss', secret: ADMIN, scopes: ['*'] },
        { id: 'key', secret: KEY, scopes: ['*'], ...limits }
      ],
      rateLimit: { maxRequests: 1_000_000 }
    },
    providers: {
      priced: { ...provider, models: MODELS.map((id) => ({ id, price: { input: 1_000_000, output: 2_000_000 } })) },
      unpriced: { ...provider, models: MODELS.map((id) => ({ id })) },
      falling: {
        ...provider,
        models: [
          { id: 'status-500', fallbacks: ['unpriced/words'], price: { input: 1, output: 1 } },
          { id: 'flaky-1', fallbacks: ['priced/words'], price: { input: 1, output: 1 } }
        ]
      }
    },
    agents: Object.fromEntries(
      MODELS.map((model) => [
        model,
        { provider: 'priced', model, memory: { recall: false }, tools: ['current_time'], maxSteps: 50 }
      ])
    ),
    embeddings: false,
    ...more
  })
  await upstream.reset()
  return { url, ask: askOver(t, url, KEY), spent: () => spentBy(url) }
}

async function spentBy(url: string): Promise<number> {
  const { tokens } = (await caller(url, ADMIN)('tokens.list')).result
  return (tokens as { id: string; budget: { spent: number } }[]).find(({ id }) => id === 'key')?.budget.spent ?? -1
}

t.test('turns side by side do not use up the same rest', async (t) => {
  const { ask } = await start(t, { budget: { tokens: 100, per: 'day' } })
  const replies = await Promise.all(
    Array.from({ length: 10 }, () => ask.completions({ model: 'priced/slow-30', message: 'hi' }))
  )
  const codes = replies.map(({ code }) => code)
  t.equal(codes.filter((code) => code === 'ok').length, 1, 'each may write a thousand tokens, as far as is known')
  const refused = replies.find(({ code }) => code !== 'ok')
  t.match(refused, { code: 'insufficient_quota', text: /the rest of the budget .* is held by turns that run/i })
  t.ok((refused?.retryAfter ?? 0) <= 5, 'it is soon free again')
  t.equal((await ask.completions({ model: 'priced/words' })).code, 'ok')
})

t.test('a client that leaves before the provider tells pays all the same', async (t) => {
  const { url, spent } = await start(t, { budget: { tokens: 100_000, per: 'day' } })
  const seen = await watch(t, url, { secret: ADMIN, query: '?types=observability:token_usage,message:sent' })
  async function leave(model: string, ready: (reader: ReadableStreamDefaultReader) => Promise<unknown>, stream = true) {
    const controller = new AbortController()
    const response = fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { ...bearer(KEY), 'content-type': 'application/json' },
      body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'x'.repeat(4000) }] }),
      signal: controller.signal
    })
    response.catch(() => {})
    if (model === 'priced/silent') await upstream.waitFor(({ body }) => JSON.stringify(body).includes('silent'))
    else await ready((await response).body?.getReader() as ReadableStreamDefaultReader)
    if (!stream) await sleep(300)
    controller.abort()
  }
  await leave('priced/slow', async (reader) => {
    for (let chunk = 0; chunk < 5; chunk++) await reader.read()
  })
  await waitUntil(async () => (await spent()) > 0)
  const first = await spent()
  t.ok(first > 1000 && first < 1100, `what it sent and what it saw: ${first}`)
  await seen.until(() => seen.of('observability:token_usage').length > 0)
  t.match(seen.of('observability:token_usage'), [{ finishReason: 'aborted', estimated: first, total: first }])
  await leave('priced/silent', async () => {})
  await waitUntil(async () => (await spent()) >= first + 1000)
  await upstream.reset()
  const second = await spent()
  await leave('priced/silent', async () => {}, false)
  await waitUntil(async () => (await spent()) > second + (second - first) + 20) // for as long as it waited
})

t.test('a call that failed at once costs nothing, one that broke in the middle does', async (t) => {
  const { ask, spent } = await start(t, { budget: { tokens: 100_000, per: 'day' } })
  t.not((await ask.completions({ model: 'priced/status-500' })).code, 'ok')
  t.equal(await spent(), 0)
  await ask.completionsStream({ model: 'priced/truncated' })
  await waitUntil(async () => (await spent()) > 0)
})

t.test('a budget in USD: prices, and models without one', async (t) => {
  const { ask, spent } = await start(t, { budget: { usd: 100, per: 'day' } })
  t.equal((await ask.completions({ model: 'priced/words', message: 'one two' })).code, 'ok')
  const cost = await spent()
  t.ok(cost > 4, `at least a dollar a word read, and two a word written: ${cost}`)
  for (const surface of ['completions', 'completionsStream', 'responses', 'responsesSocket'] as const) {
    const refused = await ask[surface]({ model: 'unpriced/words' })
    t.match(refused, { code: 'not_allowed', text: /"unpriced\/words" has no price/ }, surface)
  }
  t.equal((await ask.completions({ model: 'builtin/echo' })).code, 'ok', 'what runs in the gateway costs nothing')
  t.equal(await spent(), cost)
  await upstream.reset()
  t.not((await ask.completions({ model: 'falling/status-500' })).code, 'ok')
  t.equal((await upstream.requests()).length, 1, 'an alternative without a price is not called')
})

t.test('an alternative that the token may not name is not called', async (t) => {
  const { ask, url } = await start(t, { models: ['falling/*'] })
  t.not((await ask.completions({ model: 'falling/status-500' })).code, 'ok')
  t.equal((await upstream.requests()).length, 1)
  await upstream.reset()
  t.equal((await askOver(t, url, ADMIN).completions({ model: 'falling/status-500' })).code, 'ok')
})

t.test('an agent stops between its steps when the budget is spent', async (t) => {
  const { ask, spent } = await start(t, { budget: { tokens: 60, per: 'day' } })
  const { code, text } = await ask.rpc({ agent: 'tool-loop' })
  t.equal(code, 'ok')
  t.equal(JSON.parse(text).finishReason, 'budget_exceeded')
  const calls = (await upstream.requests()).length
  t.ok(calls > 1 && calls < 50, `${calls} calls`)
  const after = await spent()
  t.ok(after >= 60 && after < 60 + (after / calls) * 2, `over by less than one step: ${after}`)
  t.equal((await ask.rpc({ agent: 'tool-loop' })).code, 'budget_exceeded')
})

t.test('tokens per minute: what is settled and what runs', async (t) => {
  const { ask, url } = await start(t, { tokensPerMinute: 20 })
  t.equal((await ask.completions({ model: 'builtin/echo', message: 'w '.repeat(12) })).code, 'ok')
  for (const surface of [
    'chat',
    'chatStream',
    'completions',
    'responses',
    'responsesSocket',
    'rpc',
    'socket'
  ] as const) {
    const refused = await ask[surface]({ agent: 'words' })
    t.match(refused.text, 'Token rate limit exceeded: 20 tokens per minute', surface)
    t.match(refused.code, /^(rate_limited|rate_limit_exceeded|-32000)$/, surface)
    if (refused.headers) t.equal(refused.status, 429)
    if (surface !== 'responsesSocket') t.ok((refused.retryAfter ?? 0) > 30 && (refused.retryAfter ?? 0) <= 60, surface)
  }
  await caller(url, ADMIN)('tokens.update', { id: 'key', tokensPerMinute: 1000 })
  const running = ask.completions({ model: 'priced/slow-30' })
  await upstream.waitFor(({ path }) => path.includes('completions'))
  t.match(await ask.completions({ model: 'priced/words' }), { code: 'rate_limit_exceeded', retryAfter: 5 })
  t.equal((await running).code, 'ok')
  await sleep(20)
  t.equal((await ask.completions({ model: 'priced/words' })).code, 'ok')
})
