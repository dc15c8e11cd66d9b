import t from 'tap'
import type { GatewayOptions } from '../../../src/gateway.ts'
import { listenGateway, SECRETS, servicesOf } from '../../support/gateway.ts'
import { connect, type Socket } from '../../support/socket.ts'
import { waitUntil, watch } from '../../support/watch.ts'

const echo: GatewayOptions = { agents: { default: { provider: 'builtin', model: 'echo' } } }
const idsOf = (socket: Socket) => socket.of('event').flatMap(({ id }) => (id === undefined ? [] : [id as number]))
const typesOf = (socket: Socket) => socket.of('event').map(({ type }) => type)

t.test('the same events under the same ids as the stream over HTTP', async (t) => {
  const { url } = await listenGateway(t, echo)
  const seen = await watch(t, url)
  const socket = await connect(t, url)
  t.match(await socket.call('events.subscribe', {}), { result: { subscription: 'sub_1' } })
  await socket.call('agent.execute', { message: 'one two', sessionKey: 's' })
  await socket.until(() => typesOf(socket).includes('observability:token_usage'))
  await seen.until(() => seen.of('observability:token_usage').length === 1)
  t.same(
    socket.of('event').map(({ subscription, id, type, data }) => ({ subscription, id, type, data })),
    seen.events.map(({ id, event, data }) => ({
      subscription: 'sub_1',
      id: id === undefined ? undefined : Number(id),
      type: event,
      data: JSON.parse(data) as unknown
    }))
  )
})

t.test('filters, and events of others', async (t) => {
  const { url } = await listenGateway(t, echo)
  const [admin, rpc] = [await connect(t, url), await connect(t, url, { secret: SECRETS.rpc })]
  await admin.call('events.subscribe', { types: ['session:*'] })
  await rpc.call('events.subscribe', { types: ['message:sent', 'session:created'] })
  await admin.call('agent.execute', { message: 'mine', sessionKey: 'a' })
  await rpc.call('agent.execute', { message: 'mine', sessionKey: 'b' })
  await rpc.until(() => rpc.of('event').length === 2)
  t.same(typesOf(admin), ['session:created', 'session:created'])
  t.same(typesOf(rpc), ['session:created', 'message:sent'], 'what is another client’s is not told')
  const { error } = await rpc.call('events.subscribe', { types: ['message:recieved'] })
  t.match(error, { code: -32_602, message: /did you mean message:received/, data: { issues: [{ path: 'types' }] } })
})

t.test('a subscription ends, a socket has several, and no more than some', async (t) => {
  const { url, app } = await listenGateway(t, echo)
  const { events } = await servicesOf(app)
  const socket = await connect(t, url)
  for (let n = 0; n < 16; n++) await socket.call('events.subscribe', { types: ['session:created'] })
  t.match(await socket.call('events.subscribe', {}), { error: { code: -32_000, data: { code: 'busy' } } })
  t.match(await socket.call('events.unsubscribe', { subscription: 'sub_3' }), { result: { unsubscribed: true } })
  t.match(await socket.call('events.unsubscribe', { subscription: 'sub_3' }), { result: { unsubscribed: false } })
  t.equal(events.readers, 15)
  await socket.call('agent.execute', { message: 'x' })
  await socket.until(() => socket.of('event').length === 15)
  t.notOk(socket.of('event').some(({ subscription }) => subscription === 'sub_3'))
  socket.ws.close()
  await waitUntil(() => events.readers === 0)
})

t.test('what was missed comes first, and what cannot be had any more is told', async (t) => {
  const { url } = await listenGateway(t, echo)
  const first = await connect(t, url)
  await first.call('events.subscribe', {})
  for (let n = 0; n < 3; n++) await first.call('agent.execute', { message: `message ${n}`, sessionKey: 's' })
  await first.until(() => idsOf(first).length === 10)
  const ids = idsOf(first)
  first.ws.terminate()

  const again = await connect(t, url)
  const since = ids[3]
  await again.call('events.subscribe', { since })
  await again.until(() => idsOf(again).length === 6)
  t.same(idsOf(again), ids.slice(4))
  const unknown = await connect(t, url)
  await unknown.call('events.subscribe', { since: 1_000_000 })
  await unknown.until(() => unknown.of('event').length === 1)
  t.match(unknown.of('event')[0], { type: 'gap', data: { reason: 'unknown', first: 1 } })
})

t.test('a socket that does not read is bounded, closed with 1013, and misses nothing', async (t) => {
  const options = { readerBufferBytes: 65_536, stallMs: 60_000 }
  const { url, app } = await listenGateway(t, { ...echo, gateway: { events: options } })
  const { events } = await servicesOf(app)
  const [lazy, keen] = [await connect(t, url), await connect(t, url)]
  for (const socket of [lazy, keen]) await socket.call('events.subscribe', { types: ['system:error'] })
  lazy.ws.pause()
  const message = 'x'.repeat(1000)
  let emitted = 0
  while (events.readers === 2 && emitted < 100_000) {
    for (let n = 0; n < 50; n++, emitted++) events.emit('system:error', { source: 'other', code: 'internal', message })
    await waitUntil(() => idsOf(keen).length === emitted)
  }
  t.equal(events.readers, 1, `closed after ${emitted} KB`)
  lazy.ws.resume()
  t.same(await lazy.closed, [1013, 'Too slow'])
  const again = await connect(t, url)
  await again.call('events.subscribe', { types: ['system:error'], since: idsOf(lazy).at(-1) ?? 0 })
  await again.until(() => idsOf(lazy).length + idsOf(again).length >= emitted)
  t.same([...idsOf(lazy), ...idsOf(again)], idsOf(keen))
})
