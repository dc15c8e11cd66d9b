import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import type { GatewayOptions } from '../../src/gateway.ts'
import { bearer, buildGateway, listenGateway, SECRETS, servicesOf, temporaryFolder } from '../support/gateway.ts'
import { post } from '../support/socket.ts'
import { waitUntil } from '../support/watch.ts'
import { startUpstream, type Upstream } from '../upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

const SUMMARY = 'token0 token1 token2 token3 token4'

const options = (model = 'words-5', more: object = {}, contextWindow?: number): GatewayOptions => ({
  providers: {
    up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1`, models: [{ id: model, contextWindow }] }
  },
  agents: {
    default: { provider: 'up', model, systemPrompt: 'Be brief.', memory: { recall: false }, ...more }
  }
})

const calls = (app: FastifyInstance, secret = SECRETS.rpc) => ({
  async chat(message: string) {
    const payload = { message, sessionKey: 's' }
    return (await app.inject({ method: 'POST', url: '/api/chat', payload, headers: bearer(secret) })).json()
  },
  async compact(payload?: object) {
    const url = '/api/sessions/s/compact'
    const answer = await app.inject({ method: 'POST', url, payload, headers: bearer(secret) })
    return { status: answer.statusCode, ...answer.json() }
  }
})

/** What the upstream was sent, each message as `role: text`. */
async function sent(): Promise<string[][]> {
  const requests = await upstream.requests()
  return requests.map(({ body }) =>
    (body as { messages: { role: string; content: unknown }[] }).messages.map(
      ({ role, content }) => `${role}: ${typeof content === 'string' ? content : JSON.stringify(content)}`
    )
  )
}

async function build(t: Test, given: GatewayOptions): Promise<FastifyInstance> {
  await upstream.reset()
  return buildGateway(t, given)
}

t.test('from then on the model is given the summary, and what was kept; also after a restart', async (t) => {
  const dataDir = await temporaryFolder(t)
  const app = await build(t, { ...options(), dataDir })
  const { chat, compact } = calls(app)
  for (const text of ['apples', 'pears', 'plums']) await chat(text)
  await upstream.reset()
  const done = await compact({ keep: 3 })
  t.match(done, { status: 200, compacted: 2, kept: 4, summary: SUMMARY })
  t.ok(done.tokensUsed.input > 0)
  t.equal(done.tokensUsed.output, 5)
  const [asked = []] = await sent()
  t.match(asked[0], /^system: You keep the notes/)
  t.match(asked[1], /apples[^]*token4/)
  t.notMatch(asked[1], /pears/)

  await app.close()
  const again = await build(t, { ...options(), dataDir })
  const { chat: ask, compact: more } = calls(again)
  await ask('cherries')
  const [turn = []] = await sent()
  t.match(turn[0], /^system: Be brief\.\n\nA summary[^]*token0 token1/)
  t.same(
    turn.slice(1).map((line) => line.slice(0, 12)),
    ['user: pears', 'assistant: t', 'user: plums', 'assistant: t', 'user: cherri']
  )
  const history = await again.inject({ url: '/api/chat/history?channelId=s', headers: bearer(SECRETS.rpc) })
  t.equal(history.json().messages.length, 8, 'what it stands for can be read')

  await upstream.reset()
  t.match(await more({ keep: 0 }), { compacted: 6, kept: 0, summary: SUMMARY })
  t.match((await sent())[0]?.[1], /<former_summary>\ntoken0[^]*pears[^]*cherries/, 'a summary goes into the next')
  const headers = bearer(SECRETS.rpc)
  t.match((await again.inject({ url: '/api/sessions/s', headers })).json(), { compacted: true, messages: 8 })
  await again.inject({ method: 'POST', url: '/api/sessions/s/reset', headers })
  await upstream.reset()
  await ask('anew')
  t.same(await sent(), [['system: Be brief.', 'user: anew']], 'a reset forgets it')
})

t.test('what a summary uses is counted for whoever asked, and told of', async (t) => {
  const app = await build(t, options())
  const { chat, compact } = calls(app, SECRETS.admin)
  await chat('apples')
  await compact({ keep: 0 })
  const activity = await app.inject({ url: '/api/activity', headers: bearer(SECRETS.admin) })
  const { entries } = activity.json() as { entries: { event: string; payload: Record<string, unknown> }[] }
  const used = entries.filter(({ event }) => event === 'observability:token_usage')
  t.match(used.at(-1)?.payload, { clientId: 'admin', provider: 'up', model: 'words-5', sessionKey: undefined })
  t.notMatch(JSON.stringify(used), /keep the notes/)
  const told = entries.filter(({ event }) => event === 'audit:event')
  t.match(told.at(-1)?.payload, { action: 'session.compact', outcome: 'done', subject: 's', clientId: 'admin' })
})

t.test('a conversation that is longer than the window is read piece by piece', async (t) => {
  const app = await build(t, options('words-5', {}, 256))
  const { chat, compact } = calls(app)
  for (const n of [1, 2, 3]) await chat(`${n} ${'long '.repeat(60)}`)
  await chat(`4 ${'w'.repeat(1200)} end`)
  await upstream.reset()
  t.match(await compact({ keep: 0 }), { compacted: 8, kept: 0, summary: SUMMARY })
  const asked = await sent()
  t.ok(asked.length >= 4, `${asked.length} pieces`)
  t.ok(asked.slice(1).every(([, text]) => text?.includes('<former_summary>')))
  t.match(asked.at(-1)?.[1], / end\n/)
  const limits = (await upstream.requests()).map(({ body }) => (body as { max_tokens?: number }).max_tokens)
  t.same(new Set(limits), new Set([32]))
})

t.test('nothing is changed where there is nothing to compact, or it does not work', async (t) => {
  const app = await build(t, options('reset'))
  const { sessions } = await servicesOf(app)
  const { chat, compact } = calls(app)
  await chat('apples')
  t.strictSame(await compact(), { status: 200, compacted: 0, kept: 2, tokensUsed: { input: 0, output: 0, total: 0 } })
  t.match(await compact({ keep: 0 }), { status: 502 })
  t.match(await compact({ keep: -1 }), { status: 400, error: /keep/ })
  t.match(await sessions.status({ clientId: 'rpc', key: 's' }), { compacted: false })

  const builtin = calls(await build(t, { agents: { default: { provider: 'builtin', model: 'echo' } } }))
  await builtin.chat('apples')
  t.match(await builtin.compact(), { status: 400, error: /built-in model cannot summarise/ })
})

t.test('a summary can be stopped, and takes no longer than a turn; a turn waits for it', async (t) => {
  await upstream.reset()
  const { url, app } = await listenGateway(t, options('slow-30', { timeoutSeconds: 2 }))
  const { chat } = calls(app, SECRETS.admin)
  const call = async (method: string, params: object) =>
    (await post(url, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }), SECRETS.admin)).json as object
  await chat('apples')
  await upstream.reset()
  const stopped = call('session.compact', { sessionKey: 's', keep: 0 })
  await upstream.waitFor(() => true)
  const { turns, sessions } = await servicesOf(app)
  const [turn] = turns.list({ clientId: 'admin', scopes: ['rpc'] })
  t.match(turn?.request, { session: undefined, by: { clientId: 'admin' } })
  const waiting = chat('pears')
  await waitUntil(() => turns.of({ clientId: 'admin', key: 's' }).length === 1)
  await sleep(100)
  t.equal((await upstream.requests()).length, 1, 'the turn waits for the summary')
  turns.cancel(turn?.id ?? '', { clientId: 'admin', scopes: ['rpc'] })
  t.match(await stopped, { error: { data: { code: 'aborted' } } })
  t.match(await waiting, { finishReason: 'stop' })
  t.match(await sessions.status({ clientId: 'admin', key: 's' }), { compacted: false, messages: 4 })

  await upstream.reset()
  const controller = new AbortController()
  const left = sessions.compact(
    { clientId: 'admin', key: 's' },
    0,
    { clientId: 'admin', scopes: ['rpc'] },
    controller.signal
  )
  await upstream.waitFor(() => true)
  controller.abort(new Error('the client has left'))
  await t.rejects(left, /the client has left/)
  t.equal((await upstream.waitFor(({ ended }) => ended !== undefined)).ended, 'client_closed')

  const slow = calls((await listenGateway(t, options('slow', { timeoutSeconds: 1 }))).app)
  await slow.chat('apples')
  t.match(await slow.compact({ keep: 0 }), { status: 504, error: 'The summary took too long' })
})
