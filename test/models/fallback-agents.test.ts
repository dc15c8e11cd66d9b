import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { buildGateway } from '../support/gateway.ts'
import { connect } from '../support/socket.ts'
import { gatewayOfTwo, type Setup, startTwo } from '../support/two-providers.ts'

const { first, second } = startTwo()
const open = (t: Test, setup: Setup) => gatewayOfTwo(t, [first(), second()], setup)

const PRICES = { a: { input: 1000, output: 2000 }, b: { input: 3, output: 5 } }

t.test('a turn is told, counted and priced as that of the model that answered', async (t) => {
  const { url, ask, seen, rpc } = await open(t, {
    model: 'status-500',
    fallbacks: ['b/words'],
    a: { models: [{ id: 'status-500', price: PRICES.a }] },
    b: { models: [{ id: 'words', price: PRICES.b }] }
  })
  const socket = await connect(t, url)
  t.match(await socket.call('agent.stream', { message: 'one two three' }), { result: { response: 'one two three' } })
  t.match(socket.of('agent.started'), [{ provider: 'b', model: 'words' }])
  await seen.until(() => seen.of('observability:token_usage').length === 1)
  const [used] = seen.of('observability:token_usage') as Record<string, number>[]
  t.match(used, { provider: 'b', model: 'words' })
  t.equal(used?.costUsd, ((used?.input ?? 0) * PRICES.b.input + (used?.output ?? 0) * PRICES.b.output) / 1_000_000)
  await ask.chat()
  await seen.until(() => seen.of('observability:token_usage').length === 2)
  t.match((await rpc('obs.billing.byProvider')).result.providers, [{ provider: 'b', turns: 2 }])
})

t.test('what answered the first step of a turn goes on with the next ones', async (t) => {
  const { ask, asked, seen } = await open(t, {
    model: 'flaky-1-500',
    fallbacks: ['b/tool'],
    agent: { tools: ['current_time'] }
  })
  t.match(await ask.chat('rain'), { status: 200, text: /^tool said: / })
  t.same(await asked(), [1, 2])
  await seen.until(() => seen.of('observability:token_usage').length === 1)
  t.equal(seen.of('model:fallback_attempt').length, 1)
})

t.test('a later step may fall back too, each step at its own price', async (t) => {
  const { url, ask, asked, seen } = await open(t, {
    model: 'tool-then-500',
    fallbacks: ['b/words'],
    agent: { tools: ['current_time'] },
    a: { models: [{ id: 'tool-then-500', price: PRICES.a }] },
    b: { models: [{ id: 'words', price: PRICES.b }] }
  })
  const socket = await connect(t, url)
  t.match(await socket.call('agent.stream', { message: 'rain' }), {
    result: { response: 'rain', finishReason: 'stop' }
  })
  t.match(socket.of('agent.started'), [{ provider: 'a' }], 'a turn starts once')
  t.same(await asked(), [2, 1])
  await seen.until(() => seen.of('observability:token_usage').length === 1)
  const [used] = seen.of('observability:token_usage') as { provider: string; costUsd: number; total: number }[]
  t.equal(used?.provider, 'b')
  t.ok(used && used.costUsd > (PRICES.a.input * 1) / 1_000_000, 'the step of a is not at the price of b')
  t.match((await second().requests())[0]?.body, { messages: [{}, { role: 'assistant' }, { role: 'tool' }] })
  await ask.chat()
})

t.test('an alternative with a smaller window is given what fits in it', async (t) => {
  const { url } = await open(t, {
    model: 'flaky-2-500',
    fallbacks: ['b/echo-request'],
    a: { models: [{ id: 'flaky-2-500', contextWindow: 100_000 }] },
    b: { models: [{ id: 'echo-request', contextWindow: 256 }] }
  })
  const socket = await connect(t, url)
  const say = async (message: string) =>
    (await socket.call('agent.execute', { message, sessionKey: 's' })).result as { response: string }
  await say(`the first thing ${'x'.repeat(600)}`)
  t.notMatch((await say('the second thing')).response, /the first thing/)
  t.match((await first().requests())[1]?.body, { messages: [{ content: /the first thing/ }, {}, {}] })
})

/** Answers a provider that told its tokens and then broke off, before its first word. */
async function startSpender(t: Test): Promise<string> {
  const usage = { prompt_tokens: 40, completion_tokens: 2 }
  const spend = (response: ServerResponse) => {
    response.setHeader('content-type', 'text/event-stream')
    response.end(`data: ${JSON.stringify({ choices: [], usage })}\n\n`)
  }
  const server = createServer((request, response) => void request.resume().once('end', () => spend(response)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
}

t.test('tokens of a call that failed are counted where they are known', async (t) => {
  const baseURL = await startSpender(t)
  const models = [{ id: 'm', price: PRICES.a, fallbacks: ['b/words'] }]
  const a = { baseURL, models, maxRetries: 0 }
  const answered = await open(t, { model: 'm', a, agent: { fallbacks: undefined } })
  t.match(await answered.ask.modelStream('one'), { status: 200, text: 'one' })
  await answered.seen.until(() => answered.seen.of('observability:token_usage').length === 1)
  t.match(answered.seen.of('observability:token_usage'), [{ provider: 'b', model: 'words', costUsd: 0.044 }])
  t.ok(Number(answered.seen.of('observability:token_usage')[0]?.input) > 40)

  const failed = await open(t, { model: 'm', a, agent: { fallbacks: [] } })
  for (const way of ['chat', 'chatStream', 'agentStream'] as const) {
    t.match(await failed.ask[way](), { status: 502, text: /ended its answer before/ }, way)
  }
  await failed.seen.until(() => failed.seen.of('observability:token_usage').length === 3)
  t.match(failed.seen.of('observability:token_usage')[0], {
    provider: 'a',
    input: 40,
    output: 2,
    finishReason: 'error'
  })
})

t.test('an alternative that is not there is refused by its path', async (t) => {
  const up = { type: 'openai-compatible' as const, baseURL: 'http://127.0.0.1:1/v1' }
  const build = (agent: object, models: object[], more: object = {}) =>
    buildGateway(t, { providers: { a: { ...up, models: [{ id: 'm' }, ...models] }, ...more }, agents: { x: agent } })
  const refused = (path: string) => ({ name: 'ConfigError', message: new RegExp(path.replaceAll('.', '\\.')) })
  for (const name of ['b/m', 'a/other', 'm', '/m', 'a/embed']) {
    const embed = { id: 'embed', kind: 'embedding' }
    await t.rejects(build({ fallbacks: ['a/m', name] }, [embed]), refused('agents.x.fallbacks.1'), name)
    const path = 'providers.a.models.1.fallbacks.0'
    await t.rejects(build({}, [{ id: 'n', fallbacks: [name] }, embed]), refused(path), name)
  }
  await t.rejects(build({ fallbacks: ['a/m', 'a/m'] }, []), refused('agents.x.fallbacks'))
  const embeds = { id: 'n', kind: 'embedding', fallbacks: ['a/m'] }
  await t.rejects(build({}, [embeds]), refused('providers.a.models.1.fallbacks'))
  await build({ fallbacks: ['a/m', 'b/anything'] }, [{ id: 'n', fallbacks: ['b/x', 'builtin/echo'] }], { b: up })
})

t.test('it can be changed while the gateway runs, and is checked then', async (t) => {
  const { ask, rpc, asked } = await open(t, { model: 'status-500', a: { maxRetries: 0 } })
  t.equal((await ask.chat()).status, 502)
  const patch = (fallbacks: string[]) => rpc('agents.update', { agentId: 'default', patch: { fallbacks } })
  t.match((await patch(['c/words'])).error, {
    code: -32602,
    data: { issues: [{ path: 'agents.default.fallbacks.0' }] }
  })
  t.match((await patch(['b/words'])).result, { config: { fallbacks: ['b/words'] } })
  t.equal((await ask.chat()).status, 200)
  const gone = await rpc('config.patch', { patch: { providers: { b: null } } })
  t.match(gone.error, { data: { issues: [{ path: 'agents.default.fallbacks.0' }] } }, 'while it is needed it stays')
  t.equal((await ask.chat()).status, 200)
  t.same(await asked(), [3, 2])
})
