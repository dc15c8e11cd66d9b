import t from 'tap'
import { buildGateway } from '../support/gateway.ts'
import { deliver, deliveries, mapping, untilAll, withWebhooks } from '../support/webhooks.ts'
import { waitUntil } from '../support/watch.ts'

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
