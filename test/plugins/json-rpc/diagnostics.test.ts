import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { bearer, listenGateway, SECRETS, servicesOf, temporaryFolder } from '../../support/gateway.ts'
import { connect, post } from '../../support/socket.ts'
import { waitUntil, watch } from '../../support/watch.ts'
import { startUpstream } from '../../upstream/start.ts'

interface Report {
  sockets: number
  turns: { running: number }
  events: { first: number; last: number; readers: number }
  providers: { id: string; status: string; since?: number; reason?: string }[]
  storage: { bytes: number }
}

const CALL = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'obs.diagnostics' })
const diagnose = async (url: string) => ((await post(url, CALL, SECRETS.admin)).json as { result: Report }).result

t.test('how the gateway is', async (t) => {
  await using upstream = await startUpstream()
  const dataDir = await temporaryFolder(t)
  const { url, app } = await listenGateway(t, {
    dataDir,
    configPaths: ['/etc/comis.yaml'],
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: { default: { provider: 'up', model: 'slow' }, bad: { provider: 'up', model: 'status-401' } },
    channels: { telegram: {}, irc: { enabled: false } },
    embeddings: false
  })
  const first = await diagnose(url)
  t.match(first, {
    process: { pid: process.pid, nodeVersion: process.version, configPaths: ['/etc/comis.yaml'] },
    eventLoopDelayMs: Number,
    events: { readers: 0 },
    sockets: 0,
    turns: { running: 0 },
    providers: [
      { id: 'up', status: 'unknown' },
      { id: 'builtin', status: 'unknown' }
    ],
    memory: { totalEntries: 0, state: 'off' },
    storage: { bytes: Number, schemaVersion: Number },
    channels: [{ type: 'telegram', status: 'unavailable', enabled: true }]
  })
  t.ok(first.storage.bytes >= (await stat(join(dataDir, 'gateway.db'))).size)

  const sockets = [await connect(t, url), await connect(t, url)]
  const reader = await watch(t, url)
  sockets[0]?.send({ jsonrpc: '2.0', id: 1, method: 'agent.execute', params: { message: 'hello' } })
  await upstream.waitFor(() => true)
  const busy = await diagnose(url)
  t.match(busy, { sockets: 2, turns: { running: 1 }, events: { readers: 1 } })
  t.ok(busy.events.last > first.events.last)
  await reader.leave()
  for (const { ws } of sockets) ws.terminate()
  await waitUntil(async () => {
    const { sockets, turns, events } = await diagnose(url)
    return sockets + turns.running + events.readers === 0
  })

  const before = Date.now()
  const payload = { message: 'hi', agentId: 'bad' }
  t.equal((await app.inject({ method: 'POST', url: '/api/chat', payload, headers: bearer() })).statusCode, 502)
  const [up] = (await diagnose(url)).providers
  t.match(up, { id: 'up', status: 'degraded', reason: 'provider_refused' })
  t.ok(up!.since! >= before && up!.since! <= Date.now())
  t.match((await post(url, CALL, SECRETS.rpc)).json, { error: { message: /requires 'admin'/ } })
})

t.test('the calls of embedding models count, apart from those of chat models', async (t) => {
  await using upstream = await startUpstream()
  const { url, app } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: { default: { provider: 'up', model: 'words' } }
  })
  const seen = await watch(t, url, { query: '?types=provider:*' })
  const embed = async (model: string) => {
    const payload = { model, input: 'x' }
    return (await app.inject({ method: 'POST', url: '/v1/embeddings', payload, headers: bearer() })).statusCode
  }
  const status = async () => (await diagnose(url)).providers.find(({ id }) => id === 'up')?.status
  t.equal(await embed('up/embed'), 200)
  t.equal(await status(), 'ok')
  t.equal(await embed('up/status-400'), 400)
  t.equal(await status(), 'ok', 'a request that was wrong is no fault of the provider')
  t.equal(await embed('up/status-500'), 502)
  t.equal(await status(), 'degraded')
  const payload = { message: 'hi' }
  t.equal((await app.inject({ method: 'POST', url: '/api/chat', payload, headers: bearer() })).statusCode, 200)
  t.equal(await status(), 'degraded', 'that it chats says nothing of its vectors')
  t.equal(await embed('up/embed'), 200)
  t.equal(await status(), 'ok')
  await seen.until(2)
  t.same(
    seen.events.map(({ event }) => event),
    ['provider:degraded', 'provider:recovered']
  )
  const { embedders } = await servicesOf(app)
  await t.rejects(embedders.find('up/embed-silent').embed({ texts: ['x'] }, AbortSignal.timeout(50)))
  t.equal(await status(), 'ok', 'who leaves says nothing of the provider')
})
