import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { WebSocket } from 'ws'
import type { GatewayOptions } from '../../src/gateway.ts'
import { bearer, listenGateway, SECRETS } from '../support/gateway.ts'
import { connect, type Message, socketUrl } from '../support/socket.ts'

const gateway = (options: GatewayOptions['gateway']): GatewayOptions => ({ gateway: options })
const ping = (id: unknown) => ({ jsonrpc: '2.0', id, method: 'system.ping' })

t.test('a token in a header or in the address', async (t) => {
  const { url } = await listenGateway(t)
  t.match(await (await connect(t, url)).call('system.ping'), { result: { pong: true } })
  const byQuery = await connect(t, url, { query: `?token=${SECRETS.rpc}` })
  t.match(await byQuery.call('system.ping'), { result: { pong: true } })
})

t.test('without a good token the socket is opened, and closed with 4001', async (t) => {
  const { url } = await listenGateway(t)
  for (const secret of ['', 'x'.repeat(40)]) {
    const socket = await connect(t, url, { secret })
    t.same(await socket.closed, [4001, 'Unauthorized'])
    t.same(socket.messages, [])
  }
})

t.test('too narrow a scope is refused before the upgrade', async (t) => {
  const { url } = await listenGateway(t)
  for (const secret of [SECRETS.mcp, SECRETS.api]) {
    await t.rejects(connect(t, url, { secret }), /Unexpected server response: 403/)
  }
})

t.test('a request that is no WebSocket is told so', async (t) => {
  const { url } = await listenGateway(t)
  const plain = await fetch(`${url}/ws`, { headers: bearer() })
  t.match([plain.status, plain.headers.get('upgrade')], [426, 'websocket'])
  t.equal((await fetch(`${url}/ws`)).status, 401)
  const posted = await fetch(`${url}/ws`, { method: 'POST', headers: bearer() })
  t.match([posted.status, posted.headers.get('allow')], [405, /GET/])
})

t.test('other paths are no WebSockets, and other upgrades are no concern of ours', async (t) => {
  const { url } = await listenGateway(t)
  await t.rejects(connect(t, url, { path: '/health' }), /Unexpected server response: 200/)
  await t.rejects(connect(t, url, { path: '/elsewhere' }), /Unexpected server response: 404/)
  const { request } = await import('node:http')
  const asked = request(`${url}/health`, { headers: { connection: 'Upgrade', upgrade: 'h2c' } }).end()
  const [response] = await once(asked, 'response')
  t.equal(response.statusCode, 200, 'as clients that offer HTTP/2 need it')
  response.resume()
})

t.test('frames that are binary, too large, or far too large', async (t) => {
  const { url } = await listenGateway(t, gateway({ wsMaxMessageBytes: 1024 }))
  const socket = await connect(t, url)
  socket.ws.send(Buffer.from(JSON.stringify(ping(1))), { binary: true })
  socket.ws.send('x'.repeat(1025))
  socket.ws.send('{')
  socket.ws.send('é'.repeat(512))
  await socket.until(4)
  t.same(socket.messages, [
    { jsonrpc: '2.0', error: { code: -32_700, message: 'Parse error' }, id: null },
    { jsonrpc: '2.0', error: { code: -32_600, message: 'Message size 1025 bytes exceeds maximum of 1024' }, id: null },
    { jsonrpc: '2.0', error: { code: -32_700, message: 'Parse error' }, id: null },
    { jsonrpc: '2.0', error: { code: -32_700, message: 'Parse error' }, id: null }
  ])
  socket.ws.send('x'.repeat(4097))
  t.equal((await socket.closed)[0], 1009)
})

t.test('text that is no UTF-8 closes the socket with 1007', async (t) => {
  const { url } = await listenGateway(t)
  const socket = await connect(t, url)
  socket.ws.send(Buffer.from([0x22, 0xe2, 0x82]), { binary: false })
  t.equal((await socket.closed)[0], 1007)
})

t.test('batches are bounded', async (t) => {
  const { url } = await listenGateway(t, gateway({ maxBatchSize: 2 }))
  const socket = await connect(t, url)
  socket.send([ping(1), ping(2)])
  socket.send([ping(1), ping(2), ping(3)])
  await socket.until(2)
  t.match(
    socket.messages.find((message) => Array.isArray(message)),
    [{ id: 1 }, { id: 2 }]
  )
  t.same(
    socket.messages.find((message) => !Array.isArray(message)),
    { jsonrpc: '2.0', error: { code: -32_600, message: 'Batch size 3 exceeds maximum of 2' }, id: null }
  )
})

t.test('the rate is that of a sliding window, and a message counts once', async (t) => {
  const { url } = await listenGateway(t, gateway({ wsMessageRateLimit: { maxMessages: 3, windowMs: 600 } }))
  const socket = await connect(t, url)
  const answers = async (message: unknown) => {
    const before = socket.messages.length
    socket.send(message)
    await socket.until(before + 1)
    return socket.messages.at(-1) as Message
  }
  t.match(await answers([ping(1), ping(2)]), [{ id: 1 }, { id: 2 }])
  await sleep(350)
  t.match(await answers(ping(3)), { id: 3 })
  t.match(await answers('{'), { error: { code: -32_700 } })
  const refused = {
    jsonrpc: '2.0',
    error: { code: -32_000, message: 'Message rate limit exceeded', data: { code: 'rate_limited' } },
    id: null
  }
  t.same(await answers(ping(4)), refused)
  t.same(await answers('not even JSON'), refused, 'it is not read')
  await sleep(300)
  t.match(await answers(ping(5)), { id: 5 }, 'the first is out of the window')
  t.same(await answers(ping(6)), refused, 'and the second is not')
  const other = await connect(t, url)
  t.match(await other.call('system.ping'), { result: { pong: true } }, 'another connection has its own')
})

t.test('heartbeats', async (t) => {
  const { url } = await listenGateway(t, gateway({ wsHeartbeatMs: 50 }))
  const socket = await connect(t, url)
  await socket.until(3)
  t.match(socket.messages[0], { jsonrpc: '2.0', method: 'heartbeat', params: { ts: Number } })
  t.notOk('id' in (socket.messages[0] ?? {}))
  const quiet = await listenGateway(t, gateway({ wsHeartbeatMs: 0 }))
  const silent = await connect(t, quiet.url)
  await sleep(150)
  t.same(silent.messages, [])
})

t.test('a gateway that closes says so, and answers what runs before', async (t) => {
  const { app, url } = await listenGateway(t, {
    agents: { default: { provider: 'builtin', model: 'echo' } }
  })
  const [idle, busy] = [await connect(t, url), await connect(t, url)]
  const answer = busy.call('agent.execute', { message: 'one two three' })
  await sleep(1)
  await app.close()
  t.same(await idle.closed, [1001, 'Server shutting down'])
  t.same(await busy.closed, [1001, 'Server shutting down'])
  t.ok((await answer).result ?? (await answer).error)
})

t.test('a client that does not answer the close does not hold it up', async (t) => {
  const { app, url } = await listenGateway(t)
  const socket = await connect(t, url)
  socket.ws.pause()
  const before = performance.now()
  await app.close()
  t.ok(performance.now() - before < 4000)
})

t.test('a token in the address reaches no log', async (t) => {
  const lines: string[] = []
  const { pino } = await import('pino')
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
  const { url } = await listenGateway(t, { logger })
  const socket = await connect(t, url, { query: `?token=${SECRETS.rpc}` })
  await socket.call('system.ping')
  const refused = new WebSocket(`${socketUrl(url)}?token=${'wrong'.repeat(8)}`)
  await once(refused, 'close')
  socket.ws.close()
  await socket.closed
  await sleep(50)
  t.match(lines.join(''), '/ws')
  t.notMatch(lines.join(''), SECRETS.rpc)
  t.notMatch(lines.join(''), 'wrongwrong')
})
