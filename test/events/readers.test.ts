import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { listenGateway, servicesOf } from '../support/gateway.ts'
import { askForEvents, waitUntil, watch } from '../support/watch.ts'

const echo = { agents: { default: { provider: 'builtin', model: 'echo' } } }

t.test('a client that leaves is forgotten', async (t) => {
  const { app, url } = await listenGateway(t, echo)
  const { events } = await servicesOf(app)
  t.equal(events.readers, 0)
  const readers = await Promise.all([1, 2, 3].map(() => watch(t, url)))
  await waitUntil(() => events.readers === 3)
  t.equal(events.watched, true)
  await readers[0]?.leave()
  await waitUntil(() => events.readers === 2)
  await Promise.all(readers.map((reader) => reader.leave()))
  await waitUntil(() => events.readers === 0)
  t.equal(events.watched, false)

  for (let n = 0; n < 50; n++) {
    const socket = await askForEvents(t, url)
    if (n % 2 === 0) socket.resetAndDestroy()
    else socket.destroy()
  }
  await sleep(200)
  await waitUntil(
    () => events.readers === 0,
    () => `${events.readers} readers`,
    1000
  )
})

t.test('a reader that takes nothing is cut off', async (t) => {
  const options = { ...echo, gateway: { events: { readerBufferBytes: 16_384, stallMs: 300 } } }
  const { app, url } = await listenGateway(t, options)
  const { events } = await servicesOf(app)
  const stalled = await askForEvents(t, url)
  stalled.pause()
  await waitUntil(() => events.readers === 1)
  // More than the system's buffers of both ends take, in a burst that is its last: nothing after it tells it is behind.
  for (let n = 1; n <= 8000; n++) events.emit('agent:hot_added', { agentId: 'x'.repeat(2000) })
  await waitUntil(() => events.readers === 0)
})

t.test('closing ends the streams, also those that take nothing or are still reading the journal', async (t) => {
  const { app, url } = await listenGateway(t, echo)
  const { events, storage } = await servicesOf(app)
  const stalled = await askForEvents(t, url)
  stalled.pause()
  await waitUntil(() => events.readers === 1)
  for (let n = 1; n <= 8000; n++) events.emit('agent:hot_added', { agentId: 'x'.repeat(2000) })
  await waitUntil(async () => (await storage.events.bounds()).last === 8000)
  const reads = await watch(t, url)
  const stalledInJournal = await askForEvents(t, url, ['last-event-id: 0'])
  stalledInJournal.pause()
  const catchingUp = await watch(t, url, { lastEventId: '0', query: '?types=session:*' })
  await waitUntil(() => events.readers === 4)
  const began = Date.now()
  await app.close()
  t.ok(Date.now() - began < 2000, 'nobody is waited for')
  await Promise.all([reads.ended, catchingUp.ended])
  t.equal(events.readers, 0)
})
