import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { bearer, buildGateway, servicesOf } from '../support/gateway.ts'
import { serve } from '../support/provider.ts'
import { deliver, deliveries, mapping, told, untilAll, withWebhooks } from '../support/webhooks.ts'
import { waitUntil } from '../support/watch.ts'

/** Makes the store refuse to end or to keep deliveries. @returns what makes it take them again */
function breakStore(dataDir: string, states: string): () => void {
  const db = new DatabaseSync(join(dataDir, 'gateway.db'))
  db.exec(`CREATE TRIGGER broken BEFORE UPDATE OF state ON deliveries WHEN new.state IN (${states})
    BEGIN SELECT raise(ABORT, 'broken'); END`)
  return () => {
    db.exec('DROP TRIGGER broken')
    db.close()
  }
}

const wake = mapping({ action: 'wake', wakeMode: 'next-heartbeat', messageTemplate: undefined, textTemplate: '{{n}}' })

t.test('what an attempt came to is stored once the store takes it', async (t) => {
  const app = await buildGateway(t, withWebhooks({ mappings: [mapping({ messageTemplate: '{{gone}}' })] }))
  const { config } = await servicesOf(app)
  const mend = breakStore(config.dataDir, `'dead', 'waiting'`)
  await deliver(app, 'm', '{"n":1}')
  await waitUntil(async () => (await deliveries(app))[0]?.state === 'running')
  mend()
  t.match(await untilAll(app, 'dead'), [{ attempts: 1, reason: /came to nothing/ }])
})

t.test('what a turn took whose end was not stored is kept again', async (t) => {
  const app = await buildGateway(t, withWebhooks({ mappings: [wake] }))
  const { config } = await servicesOf(app)
  await deliver(app, 'm', '{"n":1}')
  await untilAll(app, 'held')
  const mend = breakStore(config.dataDir, `'done', 'held'`)
  const chat = () =>
    app.inject({ method: 'POST', url: '/api/chat', payload: { message: 'hello', sessionKey: 's' }, headers: bearer() })
  t.equal((await chat()).statusCode, 500)
  t.equal((await deliveries(app))[0]?.state, 'handed')
  mend()
  await untilAll(app, 'held')
  t.equal((await chat()).statusCode, 200)
  await untilAll(app, 'done')
})

t.test('a text with which three turns failed is dead; a long one is cut off', async (t) => {
  const up = { type: 'openai-compatible' as const, baseURL: await serve(t, () => 500), maxRetries: 0 }
  const app = await buildGateway(t, {
    ...withWebhooks({ mappings: [wake] }),
    providers: { up: { ...up, breaker: { failures: 0 } } },
    agents: { default: { provider: 'up', model: 'words' } }
  })
  await deliver(app, 'm', JSON.stringify({ n: 'x'.repeat(50_000) }))
  const [held] = await untilAll(app, 'held')
  const chat = () => app.inject({ method: 'POST', url: '/api/chat', payload: { message: 'hello' }, headers: bearer() })
  for (const state of ['held', 'held', 'dead']) {
    await chat()
    t.equal((await deliveries(app))[0]?.state, state)
  }
  t.match(await told(app, 'webhook:dead'), [{ deliveryId: held?.id, reason: /failed 3 times/ }])
  const { storage } = await servicesOf(app)
  await storage.deliveries.replay(String(held?.id), Date.now(), 'turn_new', [])
  const [again] = await untilAll(app, 'held', 'waiting', 'running')
  t.equal(again?.turnId, held?.turnId, 'the turn it was handed to is not its own')
})

t.test('of many texts a turn is told what there is room for', async (t) => {
  const app = await buildGateway(t, withWebhooks({ mappings: [wake] }))
  for (let n = 0; n < 3; n++) await deliver(app, 'm', JSON.stringify({ n: `${n}${'x'.repeat(9000)}` }))
  await untilAll(app, 'held')
  const chat = () => app.inject({ method: 'POST', url: '/api/chat', payload: { message: 'hello' }, headers: bearer() })
  await chat()
  t.same((await deliveries(app)).map(({ state }) => state).toReversed(), ['done', 'done', 'held'])
  await chat()
  await untilAll(app, 'done')
})
