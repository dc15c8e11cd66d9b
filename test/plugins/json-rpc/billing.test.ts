import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { GatewayOptions } from '../../../src/gateway.ts'
import { bearer, buildGateway, listenGateway, SECRETS, temporaryFolder, TOKENS } from '../../support/gateway.ts'
import { startProcess } from '../../support/process.ts'
import { post } from '../../support/socket.ts'
import { waitUntil, watch } from '../../support/watch.ts'
import { startUpstream, type Upstream } from '../../upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

const HOUR = 3_600_000
const MODELS = ['words', 'crlf', 'status-500', 'slow']
const PRICE = { input: 3, output: 15 }

/** Two models have a price, the others none. */
const options = (): GatewayOptions => ({
  providers: {
    up: {
      type: 'openai-compatible',
      baseURL: `${upstream.url}/v1`,
      models: MODELS.map((id) => ({ id, price: id === 'words' || id === 'slow' ? PRICE : undefined }))
    }
  },
  agents: Object.fromEntries(MODELS.map((model) => [model, { provider: 'up', model }]))
})

interface Sums {
  turns: number
  failed: number
  tokens: { input: number; output: number; cachedInput: number; reasoning: number; total: number }
  costUsd: number
}
type Total = Sums & { since?: number; unpriced: { turns: number; tokens: number } }

async function call<T>(app: FastifyInstance, method: string, params: object = {}, secret = SECRETS.admin): Promise<T> {
  const payload = { jsonrpc: '2.0', id: 1, method, params }
  const answer = (await app.inject({ method: 'POST', url: '/rpc', payload, headers: bearer(secret) })).json()
  if (answer.error) throw Object.assign(new Error(answer.error.message), answer.error)
  return answer.result as T
}

async function chat(app: FastifyInstance, message: string, more: object = {}, secret = SECRETS.all) {
  const payload = { message, agentId: 'words', ...more }
  return app.inject({ method: 'POST', url: '/api/chat', payload, headers: bearer(secret) })
}

/** A turn without a session is stored some milliseconds after its answer. */
async function complete(app: FastifyInstance, model: string, secret = SECRETS.api) {
  const payload = { model, messages: [{ role: 'user', content: 'of a model alone' }] }
  const answer = await app.inject({ method: 'POST', url: '/v1/chat/completions', payload, headers: bearer(secret) })
  t.equal(answer.statusCode, 200)
}

const total = (app: FastifyInstance, params: object = {}) => call<Total>(app, 'obs.billing.total', params)
const settled = (app: FastifyInstance, turns: number) =>
  waitUntil(
    async () => (await total(app)).turns === turns,
    () => `${turns} turns`
  )

t.test('what was used, by provider, agent, session and hour', async (t) => {
  const app = await buildGateway(t, options())
  t.same(await total(app), {
    turns: 0,
    failed: 0,
    tokens: { input: 0, output: 0, cachedInput: 0, reasoning: 0, total: 0 },
    costUsd: 0,
    unpriced: { turns: 0, tokens: 0 }
  })
  const before = Date.now()
  const answers = [
    await chat(app, 'one two', { sessionKey: 's' }),
    await chat(app, 'three', { sessionKey: 's' }),
    await chat(app, 'of another', { sessionKey: 's' }, SECRETS.rpc)
  ]
  const free = await chat(app, 'without a price', { agentId: 'crlf', sessionKey: 'free' })
  t.equal((await chat(app, 'fails', { agentId: 'status-500', sessionKey: 'f' })).statusCode, 502)
  await complete(app, 'up/words')
  await settled(app, 6)

  const used = answers.map((answer) => answer.json().tokensUsed as Sums['tokens'])
  const unpriced = free.json().tokensUsed as Sums['tokens']
  const alone = (await call<{ agents: (Sums & { agentId: string | null })[] }>(app, 'obs.billing.byAgent')).agents
  const ofModel = alone.find(({ agentId }) => agentId === null)
  const priced = [...used, ofModel!.tokens]
  const sum = (tokens: Sums['tokens'][], key: keyof Sums['tokens']) => tokens.reduce((all, one) => all + one[key], 0)
  const costUsd = (sum(priced, 'input') * PRICE.input + sum(priced, 'output') * PRICE.output) / 1_000_000
  const { costUsd: billed, since, ...all } = await total(app)
  t.match(all, {
    turns: 6,
    failed: 1,
    tokens: { total: sum([...priced, unpriced], 'total'), input: sum([...priced, unpriced], 'input') },
    unpriced: { turns: 1, tokens: unpriced.total }
  })
  t.ok(costUsd > 0 && Math.abs(billed - costUsd) < 1e-12, `${billed} is ${costUsd}`)
  t.ok(since! <= before && since! > before - HOUR && since! % HOUR === 0)
  t.match(ofModel, { turns: 1, failed: 0 })

  const counted = Object.fromEntries(alone.map(({ agentId, turns, failed }) => [agentId, [turns, failed]]))
  t.same(counted, { null: [1, 0], crlf: [1, 0], 'status-500': [1, 1], words: [3, 0] })
  const { providers } = await call<{ providers: (Sums & { provider: string | null; models: object[] })[] }>(
    app,
    'obs.billing.byProvider'
  )
  t.match(providers, [
    {
      provider: 'up',
      turns: 5,
      failed: 0,
      tokens: all.tokens,
      models: [
        { model: 'words', turns: 4, costUsd: billed },
        { model: 'crlf', turns: 1, costUsd: 0 }
      ]
    },
    { provider: null, turns: 1, failed: 1, tokens: { total: 0 }, models: [{ model: null, turns: 1 }] }
  ])
  const bySession = async (params: object) =>
    (
      await call<{ sessions: (Sums & { clientId: string; sessionKey: string })[] }>(
        app,
        'obs.billing.bySession',
        params
      )
    ).sessions
  const sessions = await bySession({})
  t.match(sessions[0], {
    clientId: 'all',
    sessionKey: 's',
    turns: 2,
    tokens: { total: used[0]!.total + used[1]!.total }
  })
  t.equal(sessions.length, 4, 'what has no session is in none')
  t.match(await bySession({ limit: 1 }), [sessions[0]])
  t.match(await bySession({ clientId: 'rpc' }), [{ clientId: 'rpc', sessionKey: 's', turns: 1 }])
  t.same(await bySession({ since: Date.now() + HOUR }), [])

  const day = await call<{ hours: (Sums & { start: number })[]; total: Sums }>(app, 'obs.billing.usage24h')
  t.equal(day.hours.length, 24)
  t.same(day.total.tokens, all.tokens)
  t.ok(day.hours.every(({ start }, index) => start === day.hours[0]!.start + index * HOUR))
  t.equal(day.hours[23]!.turns + day.hours[22]!.turns, 6, 'this hour, or the one that has just ended')
  t.equal((await call<typeof day>(app, 'obs.billing.usage24h', { clientId: 'rpc' })).total.turns, 1)

  t.match(await total(app, { clientId: 'rpc' }), { turns: 1, tokens: { total: used[2]!.total } })
  t.equal((await total(app, { since: before, until: Date.now() })).turns, 6, 'hours are the grain')
  t.equal((await total(app, { until: before - HOUR })).turns, 0)
  t.equal((await total(app, { since: Date.now() + HOUR })).turns, 0)
  await t.rejects(total(app, { since: 5, until: 5 }), { code: -32_602, data: { issues: [{ path: 'until' }] } })
  await t.rejects(call(app, 'obs.billing.total', {}, SECRETS.rpc), /Insufficient scope: requires 'admin'/)
})

t.test('sums are set back, which is told; turns stay', async (t) => {
  const { app, url } = await listenGateway(t, options())
  await chat(app, 'one two', { sessionKey: 's' })
  const { tokens, costUsd } = await total(app)
  const seen = await watch(t, url, {
    query: '?types=observability:reset,audit:event,diagnostic:*',
    secret: SECRETS.all
  })
  const others = await watch(t, url, {
    query: '?types=observability:reset,audit:event,diagnostic:*',
    secret: SECRETS.rpc
  })
  const { since } = await call<{ since: number }>(app, 'obs.reset')
  await seen.until(3)
  t.same(
    seen.events.map(({ event, data }) => [event, JSON.parse(data)]),
    [
      ['diagnostic:billing_snapshot', { costUsd, tokens: tokens.total, clientId: 'admin' }],
      ['observability:reset', { by: 'admin' }],
      ['audit:event', { action: 'obs.reset', outcome: 'done', clientId: 'admin' }]
    ]
  )
  await others.until(1)
  t.same(
    others.events.map(({ event }) => event),
    ['observability:reset'],
    'what was spent is told to admins alone'
  )
  t.match(await total(app), { turns: 0, costUsd: 0, since })
  t.same(await call(app, 'obs.billing.bySession'), { sessions: [] })
  t.match((await app.inject({ url: '/api/agents', headers: bearer() })).json().agents[0], { messagesToday: 0 })
  const history = await app.inject({ url: '/api/chat/history?channelId=s', headers: bearer() })
  t.equal(history.json().messages.length, 2)
  await chat(app, 'three', { sessionKey: 's' })
  t.match(await total(app), { turns: 1, since })
})

t.test('sums outlive the process, and a turn that died with it has failed, once', async (t) => {
  const folder = await temporaryFolder(t)
  const config = join(folder, 'config.json')
  await writeFile(config, JSON.stringify({ ...options(), gateway: { tokens: TOKENS } }))
  const start = async () => {
    const process = startProcess(t, { args: ['--config', config, '--port', '0', '--data-dir', join(folder, 'data')] })
    return { process, url: await process.url() }
  }
  const ask = (url: string, agentId: string, path = '/api/chat') =>
    fetch(url + path, {
      method: 'POST',
      headers: { ...bearer(), 'content-type': 'application/json' },
      body: JSON.stringify({ message: 'one two', agentId, sessionKey: agentId })
    })
  const totalAt = async (url: string): Promise<Total> => {
    const answer = await post(url, '{"jsonrpc":"2.0","id":1,"method":"obs.billing.total"}')
    return (answer.json as { result: Total }).result
  }
  const first = await start()
  await (await ask(first.url, 'words')).text()
  const before = await totalAt(first.url)
  t.match(before, { turns: 1, failed: 0 })
  const broken = await ask(first.url, 'slow', '/api/chat/stream')
  await broken.body?.getReader().read()
  first.process.child.kill('SIGKILL')
  await first.process.exit

  for (let n = 0; n < 2; n++) {
    const { process, url } = await start()
    t.same(await totalAt(url), { ...before, turns: 2, failed: 1 })
    process.child.kill('SIGTERM')
    await process.exit
  }
})
