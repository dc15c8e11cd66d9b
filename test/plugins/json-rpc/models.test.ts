import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { bearer, listenGateway, SECRETS } from '../../support/gateway.ts'
import { connect, type Message, post } from '../../support/socket.ts'
import { waitUntil } from '../../support/watch.ts'
import { startUpstream, type Upstream } from '../../upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

async function open(t: Test, timeoutMs = 5000) {
  await upstream.reset()
  const baseURL = `${upstream.url}/v1`
  const { url, app } = await listenGateway(t, {
    providers: {
      up: { type: 'openai-compatible', baseURL, apiKey: 'sk-key-0123456789', timeoutMs },
      listed: { type: 'openai-compatible', baseURL, models: [{ id: 'words' }] },
      gone: { type: 'openai-compatible', baseURL: 'http://127.0.0.1:1/v1' }
    }
  })
  const call = async (method: string, params: object = {}) =>
    (await post(url, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }), SECRETS.admin)).json as Message
  return { url, app, call, test: (model: string) => call('models.test', { model }) }
}

t.test('a model that works', async (t) => {
  const { test, call } = await open(t)
  const { result } = await test('up/words')
  t.match(result, {
    ok: true,
    model: 'up/words',
    turnId: /^turn_/,
    firstTokenMs: Number,
    totalMs: Number,
    text: /pong/,
    tokensUsed: { input: Number, output: Number, total: Number },
    finishReason: 'stop'
  })
  const { firstTokenMs, totalMs, tokensUsed } = result as { [key: string]: number } & { tokensUsed: { total: number } }
  t.ok(firstTokenMs! <= totalMs! && tokensUsed.total > 0)
  const [request, ...more] = await upstream.requests()
  t.match(request?.body, { model: 'words', max_tokens: 16 })
  t.equal(more.length, 0)
  t.match((await test('builtin/echo')).result, { ok: true, text: /pong/ })
  t.match((await test('up/length')).result, { ok: true, finishReason: 'length' })
  t.match((await test('up/reasoning')).result, { ok: true, model: 'up/reasoning' })
  const counted = async () => ((await call('obs.billing.total')).result as { turns: number }).turns
  await waitUntil(async () => (await counted()) === 4)
})

t.test('a provider that refuses so small a limit is asked without one', async (t) => {
  const { test } = await open(t)
  t.match((await test('up/long-only')).result, { ok: true, text: /pong/ })
  const bodies = (await upstream.requests()).map(({ body }) => (body as { max_tokens?: number }).max_tokens)
  t.same(bodies, [16, undefined])
})

t.test('what the provider answers instead', async (t) => {
  const { test } = await open(t, 300)
  const fails = async (model: string, error: object) => {
    const answer = await test(model)
    t.match(answer.result, { ok: false, model, turnId: /^turn_/, totalMs: Number, error }, model)
    t.notMatch(JSON.stringify(answer), /sk-key/)
  }
  await fails('up/status-401', { code: 'provider_refused', message: /refused the gateway's credentials/ })
  await fails('up/status-429', { code: 'provider_rate_limited' })
  await fails('up/status-500', { code: 'provider_failed' })
  await fails('up/status-400', { code: 'invalid_request' })
  await fails('up/status-404', { code: 'model_not_found' })
  await fails('up/silent', { code: 'provider_timeout' })
  await fails('up/stalled', { code: 'provider_timeout' })
  await fails('gone/words', { code: 'provider_failed' })
})

t.test('a model that is not there, and who may not ask', async (t) => {
  const { test, url } = await open(t)
  for (const name of ['nobody/words', 'listed/other', 'agent/default', 'nothing']) {
    t.match((await test(name)).error, { code: -32_602, data: { code: 'model_not_found' } }, name)
  }
  const body = '{"jsonrpc":"2.0","id":1,"method":"models.test","params":{"model":"up/words"}}'
  t.match((await post(url, body, SECRETS.rpc)).json, { error: { message: "Insufficient scope: requires 'admin'" } })
  t.notOk((await upstream.requests()).some(({ method }) => method === 'POST'))
})

t.test('who cancels it, or leaves, ends the call of the provider', async (t) => {
  const { url, app } = await open(t)
  const socket = await connect(t, url)
  socket.send({ jsonrpc: '2.0', id: 'try', method: 'models.test', params: { model: 'up/slow' } })
  await upstream.waitFor(() => true)
  const turns = await app.inject({ url: '/api/turns', headers: bearer() })
  t.match(turns.json().turns, [{ model: 'up/slow', clientId: 'all' }])
  await socket.call('rpc.cancel', { id: 'try' })
  await socket.until(() => socket.messages.flat().some(({ id }) => id === 'try'))
  t.match(
    socket.messages.flat().find(({ id }) => id === 'try'),
    { result: { ok: false, error: { code: 'aborted' } } }
  )
  await upstream.waitFor(({ ended }) => ended === 'client_closed')

  await upstream.reset()
  socket.send({ jsonrpc: '2.0', id: 'again', method: 'models.test', params: { model: 'up/slow' } })
  await upstream.waitFor(() => true)
  await sleep(20)
  socket.ws.terminate()
  await upstream.waitFor(({ ended }) => ended === 'client_closed')
})
