import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { bearer, buildGateway } from '../support/gateway.ts'
import { startUpstream, type Upstream } from '../upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.beforeEach(() => upstream.reset())
t.teardown(() => upstream.stop())

async function open(t: Test, provider: object = {}) {
  const up = { type: 'openai-compatible', baseURL: `${upstream.url}/v1`, maxRetries: 0, ...provider } as const
  const app = await buildGateway(t, { providers: { up } })
  return async (model: string, more: object = {}) => {
    const payload = { model: `up/${model}`, messages: [{ role: 'user', content: 'one two three' }], ...more }
    const { statusCode, body } = await app.inject({
      method: 'POST',
      url: '/v1/chat/completions',
      headers: bearer(),
      payload
    })
    return { statusCode, body }
  }
}

const nths = async () => (await upstream.requests()).map(({ nth }) => nth)

t.test('one connection serves one answer after the other, whole or streamed', async (t) => {
  const ask = await open(t)
  t.equal((await ask('words', { stream: true })).statusCode, 200)
  t.equal((await ask('words')).statusCode, 200)
  t.equal((await ask('words', { stream: true })).statusCode, 200)
  t.equal((await ask('status-400')).statusCode, 400)
  t.equal((await ask('words')).statusCode, 200)
  t.same(await nths(), [1, 2, 3, 4, 5])
})

t.test('answers at the same time have a connection each, and leave them for the next', async (t) => {
  const ask = await open(t)
  const four = () => Promise.all(Array.from({ length: 4 }, () => ask('slow-5')))
  await four()
  await four()
  t.same(
    (await nths()).toSorted((a, b) => a - b),
    [1, 1, 1, 1, 2, 2, 2, 2]
  )
})

t.test('a kept connection that is reset when it is used again is no failure of the provider', async (t) => {
  const ask = await open(t)
  for (const stream of [false, true, false]) {
    const { statusCode, body } = await ask('reset-kept', { stream })
    t.equal(statusCode, 200)
    t.match(body, /three/)
  }
  t.same(await nths(), [1, 2, 1, 2, 1])
})

t.test('however many kept connections are reset, a request is sent twice at most', async (t) => {
  const ask = await open(t)
  await Promise.all(Array.from({ length: 4 }, () => ask('reset-kept')))
  await upstream.reset()
  t.equal((await ask('reset-kept')).statusCode, 200)
  t.same(await nths(), [2, 1])
})

t.test('a new connection that is reset is one', async (t) => {
  const ask = await open(t)
  t.equal((await ask('reset-first')).statusCode, 502)
  t.same(await nths(), [1])
})

t.test('an answer that breaks off has no connection to leave', async (t) => {
  const ask = await open(t)
  t.match((await ask('reset', { stream: true })).body, /token2.*provider_failed/s)
  t.equal((await ask('words')).statusCode, 200)
  t.same(await nths(), [1, 1])
})

t.test('what a server says before its answer is not taken for it', async (t) => {
  const ask = await open(t)
  t.match((await ask('hinted', { stream: true })).body, /three/)
  t.match((await ask('hinted')).body, /three/)
  t.same(await nths(), [1, 2])
})

t.test('a name and password in the address are for the server to check', async (t) => {
  const ask = await open(t, { baseURL: `${upstream.url.replace('//', '//user:p%40ss@')}/v1` })
  t.equal((await ask('words')).statusCode, 200)
  const [request] = await upstream.requests()
  t.equal(request?.headers.authorization, `Basic ${Buffer.from('user:p@ss').toString('base64')}`)
})

t.test('a server that does not finish its handshake is too silent', async (t) => {
  const server = createServer((socket) => socket.on('error', () => {}))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const closed = once(server, 'connection').then(([socket]) => once(socket.resume(), 'close'))
  const { port } = server.address() as AddressInfo
  const ask = await open(t, { baseURL: `https://127.0.0.1:${port}/v1`, timeoutMs: 300 })
  const { statusCode, body } = await ask('words') // a whole answer has five times as long
  t.equal(statusCode, 504)
  t.match(body, /silent for 1.5 s/)
  await closed
})
