import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { GatewayOptions } from '../../src/gateway.ts'
import { listenGateway, SECRETS, servicesOf, TOKENS } from '../support/gateway.ts'
import { caller } from '../support/socket.ts'
import { askOver, SURFACES } from '../support/surfaces.ts'
import { waitUntil } from '../support/watch.ts'
import { startUpstream, type Upstream } from '../upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

async function start(t: Test, turns: NonNullable<GatewayOptions['gateway']>['turns']) {
  const { url, app } = await listenGateway(t, {
    gateway: { tokens: TOKENS, turns, rateLimit: { maxRequests: 1_000_000 } },
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1`, maxRetries: 0 } },
    agents: { default: { provider: 'up', model: 'slow', memory: { recall: false } } },
    embeddings: false
  })
  await upstream.reset()
  const services = await servicesOf(app)
  const controller = new AbortController()
  t.teardown(() => controller.abort())
  return {
    url,
    app,
    running: () => services.turns.running,
    asked: async () => (await upstream.requests()).length,
    /** Asks for what takes ten seconds, and does not wait. */
    occupy: (secret: string, model = 'up/slow', signal: AbortSignal = controller.signal) => {
      const answer = fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model, messages: [{ role: 'user', content: 'x' }] }),
        signal
      })
      answer.catch(() => {})
      return answer
    }
  }
}

t.test('beyond what runs and what waits each surface says that it is too busy', async (t) => {
  const { url, occupy, running, asked } = await start(t, { maxConcurrent: 1, maxQueued: 1 })
  void occupy(SECRETS.all)
  await waitUntil(async () => (await asked()) === 1)
  void occupy(SECRETS.rpc)
  await waitUntil(() => running() === 2)
  for (const surface of SURFACES) {
    const refused = await askOver(t, url, SECRETS.all)[surface]()
    t.match(refused, { text: 'Too many turns are waiting' }, surface)
    t.match(refused.code, /^(busy|503)$/, surface)
    if (refused.headers) t.equal(refused.status, 503, surface)
    if (surface !== 'responsesSocket') t.equal(refused.retryAfter, 2, surface)
  }
  t.same([await asked(), running()], [1, 2])
})

t.test('a caller that leaves while it waits frees its place', async (t) => {
  const { url, occupy, running, asked } = await start(t, { maxConcurrent: 1, maxQueued: 1 })
  void occupy(SECRETS.all)
  await waitUntil(async () => (await asked()) === 1)
  const leaving = new AbortController()
  void occupy(SECRETS.rpc, 'up/slow', leaving.signal)
  await waitUntil(() => running() === 2)
  t.equal((await askOver(t, url, SECRETS.rpc).chat()).status, 503)
  leaving.abort()
  await waitUntil(() => running() === 1)
  void occupy(SECRETS.rpc)
  await waitUntil(() => running() === 2)
  t.equal(await asked(), 1, 'it waits, and was not refused')
})

t.test('a client has no more than its own, and clients take turns', async (t) => {
  const { occupy, running, asked } = await start(t, { maxConcurrent: 2, maxPerClient: 1, maxQueued: 10 })
  const leaving = new AbortController()
  void occupy(SECRETS.all, 'up/slow', leaving.signal)
  await waitUntil(async () => (await asked()) === 1)
  for (const _ of [1, 2, 3]) void occupy(SECRETS.all, 'up/words-1')
  await waitUntil(() => running() === 4)
  t.equal(await asked(), 1, 'the others of this client wait although there is room')
  t.equal((await occupy(SECRETS.api, 'up/words-1')).status, 200, 'for other clients')
  leaving.abort()
  await waitUntil(() => running() === 0)
  t.equal(await asked(), 5)
})

t.test('whoever came later with another token goes before the second of the first', async (t) => {
  const { occupy, running, asked } = await start(t, { maxConcurrent: 1, maxQueued: 10 })
  const leaving = new AbortController()
  void occupy(SECRETS.all, 'up/slow', leaving.signal)
  await waitUntil(async () => (await asked()) === 1)
  const order: string[] = []
  const note = (name: string, secret: string) =>
    occupy(secret, 'up/slow-30').then(async (answer) => {
      await answer.text()
      order.push(name)
    })
  const all: Promise<void>[] = []
  for (const name of ['first', 'second']) {
    const before = running()
    all.push(note(name, SECRETS.all))
    await waitUntil(() => running() > before)
  }
  all.push(note('other', SECRETS.api))
  await waitUntil(() => running() === 4)
  leaving.abort()
  await Promise.all(all)
  t.same(order, ['first', 'other', 'second'])
})

t.test('a wait has an end; more room takes effect at once', async (t) => {
  const { url, occupy, running, asked } = await start(t, { maxConcurrent: 1, maxQueued: 10, queueMs: 200 })
  void occupy(SECRETS.all)
  await waitUntil(async () => (await asked()) === 1)
  const startedAt = performance.now()
  const refused = await askOver(t, url, SECRETS.rpc).completions()
  t.match(refused, { status: 503, code: 'busy', text: 'No place became free in time', retryAfter: 2 })
  t.ok(performance.now() - startedAt >= 190)
  const patch = caller(url, SECRETS.all)
  await patch('config.patch', { patch: { gateway: { turns: { queueMs: 60_000 } } } })
  const waiting = occupy(SECRETS.rpc, 'up/words-1')
  await waitUntil(() => running() === 2)
  await sleep(300)
  t.equal(await asked(), 1)
  t.ok((await patch('config.patch', { patch: { gateway: { turns: { maxConcurrent: 2 } } } })).result)
  t.equal((await waiting).status, 200)
})

t.test('by default two hundred streams of one token run at once', async (t) => {
  const { occupy, asked } = await start(t, {})
  for (let n = 0; n < 200; n++) void occupy(SECRETS.all)
  await waitUntil(async () => (await asked()) === 200)
  t.pass()
})
