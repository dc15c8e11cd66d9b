import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import underPressure from '@fastify/under-pressure'
import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import gateway from '../../src/gateway.ts'
import { bearer, buildGateway, completeOptions, listenGateway, TOKENS } from '../support/gateway.ts'
import { connect, post } from '../support/socket.ts'

/** No process is so small. */
const high = { gateway: { tokens: TOKENS, pressure: { maxRssBytes: 1, sampleMs: 500 } } }
const headers = bearer()

const SAMPLE_MS = 1000
/** It has looked again. */
const waitForLook = () => sleep(SAMPLE_MS + 200)

t.test('while the process is short of memory all but the health is refused, in the form of its surface', async (t) => {
  const maxRssBytes = process.memoryUsage.rss() + 200_000_000
  const { url } = await listenGateway(t, {
    gateway: { tokens: TOKENS, pressure: { maxRssBytes, sampleMs: SAMPLE_MS } }
  })
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

t.test(
  'gateways in one host look and count apart; a host that looks itself decides for all of its routes',
  async (t) => {
    const [host, deciding] = [Fastify(), Fastify()]
    t.teardown(() => Promise.all([host.close(), deciding.close()]))
    const limits = { tokens: TOKENS, rateLimit: { maxRequests: 2 } }
    await host.register(gateway, { ...(await completeOptions(t, { gateway: limits })), prefix: '/one' })
    await host.register(gateway, { ...(await completeOptions(t, { gateway: limits })), prefix: '/two' })
    await host.register(gateway, { ...(await completeOptions(t, high)), prefix: '/high' })
    await deciding.register(underPressure, { maxRssBytes: 0 })
    await deciding.register(gateway, { ...(await completeOptions(t, high)), prefix: '/high' })
    await Promise.all([host.ready(), deciding.ready()])
    const status = async (app: FastifyInstance, url: string) => (await app.inject({ url, headers })).statusCode
    t.same([await status(host, '/one/api/agents'), await status(host, '/one/api/agents')], [200, 200])
    t.same([await status(host, '/one/api/agents'), await status(host, '/two/api/agents')], [429, 200])
    await waitForLook()
    t.same([await status(host, '/high/api/agents'), await status(host, '/two/api/agents')], [503, 200])
    t.equal(await status(deciding, '/high/api/agents'), 200)
  }
)

t.test('an event loop that is late time and again is pressure; one that was late once is not', async (t) => {
  const app = await buildGateway(t, {
    gateway: { tokens: TOKENS, pressure: { maxEventLoopDelayMs: 150, sampleMs: SAMPLE_MS } }
  })
  await app.ready()
  const status = async () => (await app.inject({ url: '/api/agents', headers })).statusCode
  await waitForLook()
  block(300)
  await waitForLook()
  t.equal(await status(), 200)
  const until = Date.now() + 4 * SAMPLE_MS
  while (Date.now() < until && (await status()) === 200) {
    block(400)
    await nextTurn()
  }
  t.equal(await status(), 503)
})

function block(ms: number): void {
  const until = Date.now() + ms
  while (Date.now() < until);
}
