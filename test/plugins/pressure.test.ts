import underPressure from '@fastify/under-pressure'
import Fastify from 'fastify'
import t from 'tap'
import gateway from '../../src/gateway.ts'
import { bearer, buildGateway, completeOptions, listenGateway, SECRETS, TOKENS } from '../support/gateway.ts'
import { connect, post } from '../support/socket.ts'

/** No process is so small. */
const high = { gateway: { tokens: TOKENS, pressure: { maxRssBytes: 1 } } }
const headers = bearer()

/** It looks once a second. */
const LOOKED_MS = 1200

async function waitForLook(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, LOOKED_MS))
}

t.test('while the process is short of memory all but the health is refused, in the form of its surface', async (t) => {
  const maxRssBytes = process.memoryUsage.rss() + 200_000_000
  const { url } = await listenGateway(t, { gateway: { tokens: TOKENS, pressure: { maxRssBytes } } })
  const socket = await connect(t, url)
  const ballast = Buffer.alloc(300_000_000, 1)
  await waitForLook()
  const get = (path: string) => fetch(url + path, { headers })
  t.same([(await get('/health')).status, (await get('/api/health')).status], [200, 200])
  const rest = await get('/api/agents')
  t.same(
    [rest.status, rest.headers.get('retry-after'), await rest.json()],
    [503, '10', { error: 'The gateway is too busy' }]
  )
  const openai = await get('/v1/models')
  t.equal(openai.status, 503)
  t.match(await openai.json(), { error: { type: 'server_error', code: 'busy' } })
  const rpc = await post(url, JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'system.ping' }))
  t.match([rpc.status, rpc.json], [503, { jsonrpc: '2.0', error: { message: 'The gateway is too busy' }, id: null }])
  const answer = await socket.call('agent.execute', { message: 'hello' })
  t.match(answer.error, { code: -32_000, data: { code: 'busy', retryAfterSeconds: 10 } }, 'turns over a socket too')
  t.ok((await socket.call('system.ping')).result, 'what is no new turn is answered')
  t.ok(ballast.length)
})

t.test('the host that looks itself decides for all of its routes', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(underPressure, { maxRssBytes: 0 })
  await app.register(gateway, await completeOptions(t, high))
  await app.ready()
  await waitForLook()
  t.equal((await app.inject({ url: '/api/agents', headers })).statusCode, 200)
})

t.test('two gateways in one host look apart, and count apart', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const rateLimit = { maxRequests: 2 }
  const calm = await completeOptions(t, { gateway: { tokens: TOKENS, rateLimit } })
  await app.register(gateway, { ...calm, prefix: '/calm' })
  await app.register(gateway, {
    ...(await completeOptions(t, { gateway: { tokens: TOKENS, rateLimit } })),
    prefix: '/two'
  })
  await app.register(gateway, { ...(await completeOptions(t, high)), prefix: '/high' })
  await app.ready()
  const status = async (url: string, secret = SECRETS.all) =>
    (await app.inject({ url, headers: bearer(secret) })).statusCode
  t.same([await status('/calm/api/agents'), await status('/calm/api/agents')], [200, 200])
  t.same([await status('/calm/api/agents'), await status('/two/api/agents')], [429, 200])
  await waitForLook()
  t.same([await status('/high/api/agents'), await status('/two/api/agents')], [503, 200])
})

t.test('the default lets a busy process work', async (t) => {
  const app = await buildGateway(t)
  await app.ready()
  const until = Date.now() + LOOKED_MS
  while (Date.now() < until) t.equal((await app.inject({ url: '/api/agents', headers })).statusCode, 200)
})
