import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { ChannelMessage } from '../../src/gateway.ts'
import { bearer, buildGateway, servicesOf } from '../support/gateway.ts'
import { call, deliver, deliveries, mapping, told, untilAll, withWebhooks } from '../support/webhooks.ts'
import { waitUntil } from '../support/watch.ts'
import { serve } from '../support/provider.ts'
import { startUpstream, type Upstream } from '../upstream/start.ts'

let upstream: Upstream
t.before(async () => void (upstream = await startUpstream()))
t.teardown(() => upstream.stop())

/** An agent whose provider is the upstream, and another that echoes. */
const asking = (model: string, webhooks: object) => ({
  ...withWebhooks(webhooks),
  providers: {
    up: { type: 'openai-compatible' as const, baseURL: `${upstream.url}/v1`, maxRetries: 0, breaker: { failures: 0 } }
  },
  agents: { default: { provider: 'up', model }, echo: { provider: 'builtin', model: 'echo' } }
})

t.test('what fails is tried again, and what an earlier attempt stored is not there twice', async (t) => {
  let asked = 0
  const url = await serve(t, () => (++asked < 3 ? 500 : 200))
  const app = await buildGateway(t, {
    ...asking('words', { mappings: [mapping({ sessionKey: 's' })] }),
    providers: { up: { type: 'openai-compatible', baseURL: url, maxRetries: 0, breaker: { failures: 0 } } }
  })
  await deliver(app, 'm', '{"n":1}')
  const [done] = await untilAll(app, 'done')
  t.match(done, { attempts: 3, sending: false, reason: undefined })
  const session = await call(app, 'session.export', { sessionKey: 's', clientId: 'webhook:m' })
  t.match(session.messages, [{ role: 'user' }, { role: 'assistant' }])
  t.equal((session.messages as unknown[]).length, 2)
  t.match(await told(app, 'webhook:retrying'), [{ attempt: 1, reason: /./ }, { attempt: 2 }])
  t.match(await told(app, 'webhook:completed'), [{ deliveryId: done?.id, turnId: done?.turnId, sessionKey: 's' }])
})

t.test('what keeps failing is dead, and can be replayed or discarded', async (t) => {
  let status = 500
  const url = await serve(t, () => status)
  const app = await buildGateway(t, {
    ...asking('words', { mappings: [mapping({ sessionKey: 's' })], maxAttempts: 3 }),
    providers: { up: { type: 'openai-compatible', baseURL: url, maxRetries: 0, breaker: { failures: 0 } } }
  })
  await deliver(app, 'm', '{"n":1}', undefined)
  const [dead] = await untilAll(app, 'dead')
  t.match(dead, { attempts: 3, reason: /attempt 3 of 3/, finishedAt: Number })
  t.match(await call(app, 'delivery.queue.status'), { dead: 1, waiting: 0, enabled: true })
  status = 200
  t.match(await call(app, 'webhooks.replay', { id: dead?.id }), { replayed: true })
  const [done] = await untilAll(app, 'done')
  t.equal(done?.turnId, dead?.turnId, 'it is still the same turn')
  await call(app, 'webhooks.replay', { id: dead?.id })
  t.not((await untilAll(app, 'done'))[0]?.turnId, dead?.turnId, 'one that was done runs a new one')
  t.match(await call(app, 'session.export', { sessionKey: 's', clientId: 'webhook:m' }), { messages: { length: 4 } })
  t.match(await told(app, 'webhook:replayed'), [{ by: 'all' }, { by: 'all' }])

  status = 500
  await deliver(app, 'm', '{"n":2}')
  await waitUntil(async () => (await deliveries(app, { state: 'dead' })).length === 1)
  const [second] = await deliveries(app, { state: 'dead', mapping: 'm' })
  t.match(await call(app, 'webhooks.discard', { id: second?.id }), { discarded: true })
  t.match(await call(app, 'webhooks.discard', { id: second?.id }), { message: /has ended/ })
  t.match(await call(app, 'webhooks.get', { id: second?.id }), { state: 'discarded', payload: '{"n":2}' })
  t.match(await call(app, 'webhooks.get', { id: 'none' }), { code: Number, message: 'There is no such delivery' })
  t.match(await told(app, 'audit:event'), [
    { action: 'webhook.replay', by: 'all' },
    { action: 'webhook.replay' },
    { action: 'webhook.discard', subject: second?.id }
  ])
  const page = await call(app, 'webhooks.list', { limit: 1 })
  t.equal((await deliveries(app, { limit: 1, before: page.next })).at(0)?.id, dead?.id)
})

t.test('what no other attempt could do is dead at once', async (t) => {
  const mappings = [mapping({ messageTemplate: '{{text}}', sessionKey: '{{key}}' })]
  const app = await buildGateway(t, withWebhooks({ mappings }))
  for (const body of ['{"key":"k"}', '{"text":"t"}', JSON.stringify({ text: 't', key: 'k'.repeat(257) })]) {
    await deliver(app, 'm', body)
  }
  const dead = await untilAll(app, 'dead')
  t.match(dead.map(({ reason, attempts }) => [reason, attempts]).toReversed(), [
    [/template came to nothing/, 1],
    [/session key came to nothing/, 1],
    [/more than 256/, 1]
  ])
})

t.test('a turn that takes too long is ended; another model can answer in the agent’s place', async (t) => {
  const own = (id: string, more: object) => mapping({ id, match: { path: id }, ...more })
  const mappings = [
    own('slow', { timeoutSeconds: 1 }),
    own('other', { model: 'builtin/echo' }),
    own('of', { agentId: 'echo' })
  ]
  const app = await buildGateway(t, asking('silent', { mappings, maxAttempts: 1 }))
  for (const path of ['slow', 'other', 'of']) await deliver(app, path, '{"n":1}')
  const all = await untilAll(app, 'dead', 'done')
  const states = Object.fromEntries(all.map((one) => [one.mapping, [one.state, one.agentId]]))
  t.same(states, { slow: ['dead', undefined], other: ['done', 'default'], of: ['done', 'echo'] })
  t.match(all.find((one) => one.mapping === 'slow')?.reason, /longer than 1 s/)
})

t.test('a cancelled turn is dead, and not tried again', async (t) => {
  const app = await buildGateway(t, asking('silent', { mappings: [mapping()] }))
  await deliver(app, 'm', '{"n":1}')
  await waitUntil(async () => ((await call(app, 'turn.list')).turns as unknown[]).length === 1)
  const [running] = await deliveries(app)
  t.equal(running?.state, 'running')
  t.match(await call(app, 'webhooks.discard', { id: running?.id }), { message: /cancel its turn/ })
  await call(app, 'turn.cancel', { turnId: running?.turnId, id: running?.turnId })
  await app.inject({ method: 'DELETE', url: `/api/turns/${String(running?.turnId)}`, headers: bearer() })
  t.match(await untilAll(app, 'dead'), [{ reason: 'Its turn was cancelled' }])
})

t.test('no more than `concurrency` at once, and all in the end', async (t) => {
  const app = await buildGateway(t, asking('slow-5', { concurrency: 2, mappings: [mapping()] }))
  const { turns } = await servicesOf(app)
  let most = 0
  const timer = setInterval(() => (most = Math.max(most, turns.running)), 1)
  await Promise.all(Array.from({ length: 6 }, (_, n) => deliver(app, 'm', `{"n":${n}}`)))
  await untilAll(app, 'done')
  clearInterval(timer)
  t.equal(most, 2)
})

t.test('a gateway that is stopped goes on where it was', async (t) => {
  const options = asking('silent', { mappings: [mapping()] })
  const app = await buildGateway(t, { ...options, gateway: { shutdownGraceMs: 0 } })
  const { config } = await servicesOf(app)
  await deliver(app, 'm', '{"n":1}')
  await waitUntil(async () => (await deliveries(app))[0]?.state === 'running')
  await sleep(50)
  await app.close()
  const again = await buildGateway(t, {
    ...options,
    ...withWebhooks({ mappings: [mapping()] }),
    dataDir: config.dataDir
  })
  t.match(await untilAll(again, 'done'), [{ attempts: 1 }], 'what was stopped does not count')
})

t.test('wake: in the main session at once, or with the agent’s next turn, once', async (t) => {
  const own = (id: string, more: object) =>
    mapping({
      id,
      match: { path: id },
      action: 'wake',
      messageTemplate: undefined,
      textTemplate: 'wake {{n}}',
      ...more
    })
  const mappings = [own('now', {}), own('later', { wakeMode: 'next-heartbeat' })]
  const app = await buildGateway(t, asking('words', { mappings }))
  await deliver(app, 'now', '{"n":1}')
  await untilAll(app, 'done')
  const main = await call(app, 'session.export', { sessionKey: 'main', clientId: 'webhook:now' })
  t.match(main.messages, [{ role: 'user' }, { role: 'assistant' }])

  for (const n of [2, 3]) await deliver(app, 'later', `{"n":${n}}`)
  await waitUntil(async () => (await deliveries(app, { state: 'held' })).length === 2)
  await upstream.reset()
  for (const message of ['hello', 'again']) {
    await app.inject({ method: 'POST', url: '/api/chat', payload: { message }, headers: bearer() })
  }
  const [first, second] = (await upstream.requests()).map(({ body }) => JSON.stringify(body))
  t.match(first, /wake 2/)
  t.match(first, /wake 3/)
  t.notMatch(second, /wake/)
  t.equal((await untilAll(app, 'done')).length, 3)
  t.equal((await told(app, 'webhook:held')).length, 2)
  t.equal((await told(app, 'webhook:completed')).length, 3)
})

t.test('a turn that fails keeps what was to be told for the next one, over a restart too', async (t) => {
  let status = 500
  const url = await serve(t, () => status)
  const wake = mapping({
    action: 'wake',
    wakeMode: 'next-heartbeat',
    messageTemplate: undefined,
    textTemplate: '{{n}}'
  })
  const options = {
    ...asking('words', { mappings: [wake] }),
    providers: { up: { type: 'openai-compatible' as const, baseURL: url, maxRetries: 0, breaker: { failures: 0 } } }
  }
  const app = await buildGateway(t, options)
  const { config } = await servicesOf(app)
  await deliver(app, 'm', '{"n":1}')
  await untilAll(app, 'held')
  const chat = (to: typeof app) =>
    to.inject({ method: 'POST', url: '/api/chat', payload: { message: 'hello' }, headers: bearer() })
  t.equal((await chat(app)).statusCode, 502)
  t.equal((await deliveries(app))[0]?.state, 'held')
  await app.close()
  status = 200
  const again = await buildGateway(t, { ...options, dataDir: config.dataDir })
  t.equal((await chat(again)).statusCode, 200)
  t.equal((await deliveries(again))[0]?.state, 'done')
})

t.test('an answer is sent by a channel; what fails there does not run the turn again', async (t) => {
  const sent: ChannelMessage[] = []
  let failures = 2
  const adapter = {
    type: 'telegram',
    status: () => 'connected' as const,
    async send(message: ChannelMessage) {
      sent.push(message)
      if (failures-- > 0) throw new Error('a secret of the channel')
    }
  }
  const delivering = mapping({ deliver: true, channel: 'telegram', to: 'chat-{{n}}', sessionKey: 's' })
  const options = { ...withWebhooks({ mappings: [delivering] }), channels: { telegram: {} } }
  const app = await buildGateway(t, { ...options, extend: ({ comis }) => void comis.channels.register(adapter) })
  await deliver(app, 'm', '{"n":1}')
  const [done] = await untilAll(app, 'done')
  t.match(
    sent,
    [1, 2, 3].map(() => ({ to: 'chat-1', text: 'got 1', id: done?.id }))
  )
  t.equal(sent.length, 3)
  t.equal((await told(app, 'message:sent')).length, 1)
  t.notMatch(JSON.stringify(await told(app, 'webhook:retrying')), /a secret/)

  const unserved = await buildGateway(t, options)
  await t.rejects(async () => {
    await unserved.ready()
  }, /webhooks.mappings.0.channel: nothing that can send serves the channel "telegram"/)
  await t.rejects(
    buildGateway(t, withWebhooks({ mappings: [delivering] })).then((built) => built.ready()),
    /no channel "telegram"/
  )
})
