import t from 'tap'
import { buildGateway } from '../support/gateway.ts'
import { call, deliver, deliveries, mapping, told, untilAll, withWebhooks } from '../support/webhooks.ts'
import { waitUntil } from '../support/watch.ts'
import { startUpstream } from '../upstream/start.ts'

const options = {
  ...withWebhooks({ mappings: [mapping({ deliver: true, channel: 'telegram', to: 'you' })], maxAttempts: 1 }),
  channels: { telegram: {} },
  gateway: { shutdownGraceMs: 100 }
}
const adapter = (send: () => Promise<void>) => ({ type: 'telegram', status: () => 'connected' as const, send })

t.test('a channel that hangs does not hold up the end of the gateway', async (t) => {
  const hanging = adapter(() => new Promise<void>(() => undefined))
  const app = await buildGateway(t, { ...options, extend: ({ comis }) => void comis.channels.register(hanging) })
  await deliver(app, 'm', '{"n":1}')
  await waitUntil(async () =>
    (await deliveries(app)).some(({ sending, state }) => sending === true && state === 'running')
  )
  const before = performance.now()
  await app.close()
  t.ok(performance.now() - before < 10_000)
})

t.test('of a failure, its code is told and not its words', async (t) => {
  const broken = adapter(async () => {
    throw Object.assign(new Error('a secret'), { code: 'ECONNREFUSED' })
  })
  const app = await buildGateway(t, { ...options, extend: ({ comis }) => void comis.channels.register(broken) })
  await deliver(app, 'm', '{"n":1}')
  const [dead] = await untilAll(app, 'dead')
  t.match(dead?.reason, /could not send: ECONNREFUSED/)
  t.notMatch(dead?.reason, /secret/)
})

t.test('an answer without a text is not sent, and that is told', async (t) => {
  const upstream = await startUpstream()
  t.teardown(() => upstream.stop())
  const sent: unknown[] = []
  const counting = adapter(async (...message: unknown[]) => void sent.push(message))
  const app = await buildGateway(t, {
    ...options,
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: { default: { provider: 'up', model: 'words-0' } },
    extend: ({ comis }) => void comis.channels.register(counting)
  })
  await deliver(app, 'm', '{"n":1}')
  const [done] = await untilAll(app, 'done')
  const reason = 'The agent answered without a text: nothing was sent'
  t.match(done, { reason, sending: false, attempts: 1 })
  t.match(await call(app, 'webhooks.get', { id: done?.id }), { reason })
  t.match(await told(app, 'webhook:completed'), [{ deliveryId: done?.id, reason }])
  t.same(sent, [])
})

t.test('an answer that would go to nobody is dead before its turn runs', async (t) => {
  const mappings = [mapping({ deliver: true, channel: 'telegram', to: '{{who}}' })]
  const app = await buildGateway(t, {
    ...options,
    ...withWebhooks({ mappings }),
    extend: ({ comis }) => void comis.channels.register(adapter(async () => undefined))
  })
  await deliver(app, 'm', '{"n":1}')
  t.match(await untilAll(app, 'dead'), [{ reason: '`to` came to nothing' }])
  t.match(await told(app, 'webhook:dead'), [{ reason: '`to` came to nothing' }])
  t.same(await told(app, 'message:sent'), [])
})
