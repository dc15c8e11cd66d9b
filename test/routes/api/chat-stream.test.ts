import { connect } from 'node:net'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { bearer, buildGateway, listenGateway, SECRETS } from '../../support/gateway.ts'
import { parseEvents, readEvents } from '../../support/sse.ts'
import { startUpstream } from '../../upstream/start.ts'

const echo = { agents: { default: { provider: 'builtin', model: 'echo' } } }

t.test('tokens as they come, then the whole', async (t) => {
  const app = await buildGateway(t, echo)
  const answer = await app.inject({
    url: '/api/chat/stream?message=Hello%20w%C3%B6rld&sessionKey=s',
    headers: bearer()
  })
  t.match(answer.headers, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    'x-turn-id': /^turn_/
  })
  const turnId = String(answer.headers['x-turn-id'])
  t.same(await parseEvents(answer.body), [
    { id: `${turnId}:2`, event: 'token', data: '{"delta":"Hello ","accumulated":"Hello "}' },
    { id: `${turnId}:3`, event: 'token', data: '{"delta":"wörld","accumulated":"Hello wörld"}' },
    {
      id: `${turnId}:5`,
      event: 'done',
      data: '{"response":"Hello wörld","tokensUsed":{"input":2,"output":2,"total":4},"finishReason":"stop","sessionKey":"s"}'
    }
  ])
})

t.test('POST streams the same, and accumulated can be left out', async (t) => {
  const app = await buildGateway(t, echo)
  for (const query of ['?accumulate=0', '?accumulate=false']) {
    const answer = await app.inject({
      method: 'POST',
      url: `/api/chat/stream${query}`,
      headers: bearer(),
      payload: { message: 'a b' }
    })
    const events = await parseEvents(answer.body)
    t.same(events.map(({ event, data }) => [event, data]).slice(0, 2), [
      ['token', '{"delta":"a "}'],
      ['token', '{"delta":"b"}']
    ])
  }
})

t.test('a reconnect after the end starts no turn', async (t) => {
  const app = await buildGateway(t, echo)
  const answer = await app.inject({
    url: '/api/chat/stream?message=x',
    headers: { ...bearer(), 'last-event-id': 'turn_1:3' }
  })
  t.match([answer.statusCode, answer.body], [204, ''])
  t.same((await app.inject({ url: '/api/chat/history', headers: bearer() })).json(), { messages: [] })
})

t.test('what fails before the first token has its status', async (t) => {
  const app = await buildGateway(t, echo)
  const get = (query: string) => app.inject({ url: `/api/chat/stream${query}`, headers: bearer() })
  const missing = await get('')
  t.match([missing.statusCode, missing.json()], [400, { error: 'Missing required query parameter: message' }])
  t.match((await get('?message=x&agentId=none')).json(), { error: 'Unknown agent: none' })
  t.equal((await app.inject('/api/chat/stream?message=x')).statusCode, 401)
  t.equal((await app.inject({ method: 'HEAD', url: '/api/chat/stream?message=x', headers: bearer() })).statusCode, 405)
})

t.test('what fails afterwards is an event', async (t) => {
  await using upstream = await startUpstream()
  const { url } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: { default: { provider: 'up', model: 'reset' } }
  })
  const response = await fetch(`${url}/api/chat/stream?message=x`, { headers: bearer() })
  t.equal(response.status, 200)
  const events = await readEvents(response)
  t.same(
    events.map(({ event }) => event),
    ['token', 'token', 'token', 'error']
  )
  t.equal(events.at(-1)?.data, '{"error":"The connection to the provider \\"up\\" failed"}')
})

t.test('a client that leaves stops the provider at once, and what was said is kept', async (t) => {
  await using upstream = await startUpstream()
  const { url } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: { default: { provider: 'up', model: 'slow' } }
  })
  const controller = new AbortController()
  const response = await fetch(`${url}/api/chat/stream?message=go&sessionKey=left`, {
    headers: bearer(),
    signal: controller.signal
  })
  const reader = response.body?.getReader()
  await reader?.read()
  const leftAt = Date.now()
  controller.abort()
  const request = await upstream.waitFor(({ ended }) => ended !== undefined)
  t.equal(request.ended, 'client_closed')
  t.ok((request.closedAt ?? Infinity) - leftAt < 250, `closed after ${(request.closedAt ?? 0) - leftAt} ms`)
  await sleep(50)
  const history = await fetch(`${url}/api/chat/history?channelId=left`, { headers: bearer() })
  const { messages } = (await history.json()) as { messages: { role: string; content: string }[] }
  t.same(
    messages.map(({ role }) => role),
    ['user', 'assistant']
  )
  t.match(messages[1]?.content, /^token0 /)
})

/** What is in use after everything that is not was given back. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

t.test('a reader that stops costs bounded memory and is cut off', async (t) => {
  await using upstream = await startUpstream()
  const { url } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: { default: { provider: 'up', model: 'words-500000' } },
    gateway: { stallMs: 3000 }
  })
  await (await fetch(`${url}/api/chat/stream?message=x`, { headers: bearer(), method: 'HEAD' })).text()
  const base = heldBytes()
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')
  socket.pause()
  socket.write(
    `GET /api/chat/stream?message=x&accumulate=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${SECRETS.rpc}\r\n\r\n`
  )
  await sleep(1500)
  const held = Math.round((heldBytes() - base) / 1_048_576)
  const request = await upstream.waitFor(({ ended }) => ended !== undefined, 15_000)
  t.equal(request.ended, 'client_closed', 'the provider is let go')
  t.ok(request.chunksSent < 100_000, `the provider was slowed down to ${request.chunksSent} of 500000 chunks`)
  t.ok(held < 32, `${held} MB were held while it stood still`)
  socket.destroy()
})
