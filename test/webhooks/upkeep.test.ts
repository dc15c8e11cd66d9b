import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import t from 'tap'
import { buildGateway, servicesOf } from '../support/gateway.ts'
import { serve } from '../support/provider.ts'
import { waitUntil } from '../support/watch.ts'
import { call, deliver, deliveries, mapping, sign, told, untilAll, withWebhooks } from '../support/webhooks.ts'

const askedAt = (baseURL: string) => ({
  providers: { up: { type: 'openai-compatible' as const, baseURL, maxRetries: 0, breaker: { failures: 0 } } },
  agents: { default: { provider: 'up', model: 'words' } }
})
const named = (body: string, id: string) => ({ 'x-webhook-signature': sign(body), 'x-webhook-id': id })

t.test('what many mappings verify in the same way is verified once', async (t) => {
  const body = Buffer.alloc(8_000_000, 0x20)
  async function refusal(count: number): Promise<number> {
    const mappings = Array.from({ length: count }, (_, n) =>
      mapping({ id: `m${n}`, match: { path: 'm', source: `${n}` } })
    )
    const app = await buildGateway(t, withWebhooks({ mappings, maxBodyBytes: 10_000_000 }))
    await app.ready()
    const before = process.cpuUsage()
    t.equal((await deliver(app, 'm', body, { 'x-webhook-signature': sign('other') })).status, 401)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  }
  const one = await refusal(1)
  const many = await refusal(500)
  t.ok(many < 10 * one + 500, `${one} ms for one, ${many} ms for 500`)
})

t.test('a gateway that was stopped tries nothing again, and the next one does', async (t) => {
  let [asked, status] = [0, 500]
  const url = await serve(t, () => (asked++, status))
  const options = { ...withWebhooks({ mappings: [mapping()], retryDelayMs: 400, maxAttempts: 50 }), ...askedAt(url) }
  const lines: string[] = []
  const logger = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) })
  const app = await buildGateway(t, { ...options, logger })
  const { config } = await servicesOf(app)
  for (let n = 0; n < 8; n++) await deliver(app, 'm', `{"n":${n}}`)
  await waitUntil(async () => asked >= 8 && (await deliveries(app)).every(({ state }) => state === 'waiting'))
  await app.close()
  const before = [asked, lines.length]
  await sleep(600)
  t.same([asked, lines.length], before, 'nothing was tried after the end, and the store was not asked')
  status = 200
  const again = await buildGateway(t, { ...options, dataDir: config.dataDir })
  t.equal((await untilAll(again, 'done')).length, 8)
})

t.test('what ended long ago is forgotten, and its id with it; what is dead stays longer', async (t) => {
  const mappings = [mapping(), mapping({ id: 'dead', match: { path: 'dead' }, messageTemplate: '{{gone}}' })]
  const app = await buildGateway(t, withWebhooks({ mappings, keepDays: 2 / 86_400 }))
  const body = '{"n":1}'
  await deliver(app, 'dead', body, named(body, 'one'))
  await deliver(app, 'm', body, named(body, 'one'))
  await deliver(app, 'm', body, named(body, 'one'))
  t.equal((await untilAll(app, 'done', 'dead')).length, 2)
  t.equal((await told(app, 'webhook:completed')).length, 1)
  await waitUntil(async () => (await deliveries(app)).length === 1)
  t.match(await deliveries(app), [{ state: 'dead', mapping: 'dead' }])
  t.same((await call(app, 'obs.delivery.stats')).total, 1)
  await deliver(app, 'm', body, named(body, 'one'))
  await untilAll(app, 'done', 'dead')
  t.equal((await told(app, 'webhook:completed')).length, 2, 'the id is a new delivery’s')
})
