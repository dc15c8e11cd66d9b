import t, { type Test } from 'tap'
import { gzipSync } from 'node:zlib'
import helmet from '@fastify/helmet'
import Fastify from 'fastify'
import { bearer, buildGateway, listenGateway, SECRETS } from '../support/gateway.ts'
import { post } from '../support/socket.ts'
import { watch } from '../support/watch.ts'

const REFUSED_HOST = /is not asked by this name \(gateway\.allowedHosts\)/
const own = (gateway: object = {}) => ({ isOwnServer: true, gateway })

async function asker(t: Test, options: object) {
  const app = await buildGateway(t, { answerUnknownRoutes: true, ...options })
  return (url: string, headers: Record<string, string>, method: 'GET' | 'POST' = 'GET') =>
    app.inject({ method, url, headers: { ...bearer(), ...headers } })
}

t.test('on loopback a gateway is asked by its own names alone', async (t) => {
  const ask = await asker(t, own({ allowedHosts: ['gw.example'] }))
  const status = async (host: string) => (await ask('/api/agents', { host })).statusCode
  for (const host of [
    'localhost',
    'LOCALHOST:4766',
    'localhost.',
    '127.0.0.1:4766',
    '127.3.2.1',
    '[::1]:80',
    'gw.example',
    'GW.example.:443'
  ]) {
    t.equal(await status(host), 200, host)
  }
  for (const host of [
    'evil.example',
    'evil.example:4766',
    '127.0.0.1.evil.example',
    '127.evil.example',
    'localhost.evil.example',
    '[::2]',
    '10.0.0.1'
  ]) {
    t.equal(await status(host), 421, host)
  }
  const evil = { host: 'rebound.example:4766' }
  for (const url of ['/api/agents', '/%61pi/agents', '/v1/models', '/ws', '/api/health']) {
    const answer = await ask(url, evil)
    t.match([answer.statusCode, answer.body], [421, REFUSED_HOST], url)
  }
  t.match((await ask('/v1/models', evil)).json(), { error: { type: 'invalid_request_error' } })
  const rpc = await ask('/rpc', evil, 'POST')
  t.match([rpc.statusCode, rpc.json()], [421, { error: { code: -32_000, data: { code: 'host_refused' } } }])
  t.equal((await ask('/health', evil)).statusCode, 200, 'which anyone may ask')
})

t.test('on other addresses only where names are configured; in a host application too', async (t) => {
  const evil = { host: 'evil.example' }
  t.equal((await (await asker(t, own({ host: '0.0.0.0' })))('/api/agents', evil)).statusCode, 200)
  const named = await asker(t, own({ host: '0.0.0.0', allowedHosts: ['gw.example'] }))
  t.equal((await named('/api/agents', evil)).statusCode, 421)
  t.equal((await named('/api/agents', { host: '0.0.0.0:4766' })).statusCode, 200)
  const embedded = await asker(t, {})
  t.equal((await embedded('/api/agents', { ...evil, origin: 'https://page.example' })).statusCode, 200)
  const asked = await asker(t, { gateway: { allowedHosts: ['gw.example'] } })
  t.equal((await asked('/api/agents', evil)).statusCode, 421)
})

t.test('pages of other origins are refused, programs are not', async (t) => {
  const ask = await asker(t, own({ corsOrigins: ['https://page.example'] }))
  const host = 'localhost:4766'
  const status = async (headers: Record<string, string>, url = '/api/agents', method: 'GET' | 'POST' = 'GET') =>
    (await ask(url, { host, ...headers }, method)).statusCode
  t.equal(await status({}), 200)
  for (const origin of ['http://localhost:4766', 'https://localhost:4766', 'https://page.example']) {
    t.equal(await status({ origin }), 200, origin)
  }
  for (const origin of ['https://evil.example', 'http://localhost:3000', 'null', 'https://page.example.evil.example']) {
    t.equal(await status({ origin }), 403, origin)
  }
  const from = (site: string) => ({ 'sec-fetch-site': site })
  t.equal(await status(from('same-origin'), '/api/chat/stream?message=x'), 200)
  t.equal(await status(from('none'), '/api/chat/stream?message=x'), 200, 'an address that someone typed')
  for (const site of ['cross-site', 'same-site']) {
    t.equal(await status(from(site), '/api/chat/stream?message=x'), 403, site)
    t.equal(await status(from(site), '/api/chat', 'POST'), 403, site)
    t.equal(await status(from(site)), 200, 'a link to what changes nothing')
  }
  const told = await ask('/api/agents', { host, origin: 'https://evil.example' })
  t.match(told.json(), { error: /\(gateway\.corsOrigins\)/ })
  t.notOk(told.headers['access-control-allow-origin'])
})

t.test('any origin, where all are allowed', async (t) => {
  const ask = await asker(t, own({ corsOrigins: ['*'] }))
  t.equal((await ask('/api/agents', { host: 'localhost', origin: 'null' })).statusCode, 200)
  t.equal(
    (await ask('/api/agents', { host: 'evil.example', origin: 'null' })).statusCode,
    421,
    'by its name all the same'
  )
})

t.test('each refusal is told, and none twice within ten seconds', async (t) => {
  const { url } = await listenGateway(t, own())
  const seen = await watch(t, url, { query: '?types=audit:*,security:*' })
  for (let n = 0; n < 3; n++) await fetch(`${url}/api/agents`, { headers: { origin: 'https://evil.example' } })
  await fetch(`${url}/api/agents`, { headers: bearer('wrong'.repeat(10)) })
  await post(url, JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'config.read' }), SECRETS.rpc)
  await seen.until(6)
  t.match(
    seen.of('audit:event'),
    [
      { action: 'request', outcome: 'refused', reason: 'origin_refused', subject: '/api/agents', address: '127.0.0.1' },
      { reason: 'invalid_token' },
      { reason: 'insufficient_scope', subject: 'config.read', clientId: 'rpc' }
    ],
    'as audit events'
  )
  t.equal(seen.of('security:warn').length, 3)
})

t.test('compressed bodies, too many headers, too deep and poisoned JSON', async (t) => {
  const app = await buildGateway(t)
  const json = { ...bearer(), 'content-type': 'application/json' }
  for (const url of ['/api/chat', '/rpc', '/v1/chat/completions']) {
    const packed = { ...json, 'content-encoding': 'gzip' }
    const answer = await app.inject({ method: 'POST', url, headers: packed, payload: gzipSync('{"message":"x"}') })
    t.match([answer.statusCode, answer.headers['accept-encoding']], [415, 'identity'], url)
    t.match(answer.body, /Content-Encoding/)
  }
  const many = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`x-${n}`, '1']))
  t.equal((await app.inject({ url: '/api/agents', headers: { ...bearer(), ...many } })).statusCode, 431)

  const send = (url: string, payload: string) => app.inject({ method: 'POST', url, headers: json, payload })
  const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
  const chat = (inner: string) => send('/api/chat', `{"message":"hi","more":${inner}}`)
  t.equal((await chat(deep(99))).statusCode, 200)
  t.match((await chat(deep(100))).json(), { error: /more than 100 levels deep/ })
  t.equal((await send('/api/chat', deep(400_000))).statusCode, 400)
  const texts = JSON.stringify({ message: `${'['.repeat(200)}"\\\\"__proto__` })
  t.equal((await send('/api/chat', texts)).statusCode, 200, 'text is no structure')
  const poisons = ['{"__proto__":1}', '{"a":[{"\\u005f_proto__":{}}]}', '{"constructor":{"prototype":{}}}']
  for (const poison of poisons) {
    t.match((await chat(poison)).json(), { error: /^Invalid JSON: a key __proto__/ }, poison)
    const call = `{"jsonrpc":"2.0","id":1,"method":"config.patch","params":{"patch":${poison}}}`
    t.match((await send('/rpc', call)).json(), { error: { code: -32_600, message: /__proto__/ } }, poison)
  }
  t.equal((await chat('{"constructor":1,"prototype":2}')).statusCode, 200)
  t.equal(({} as { polluted?: unknown }).polluted, undefined)
})

t.test('every answer has the headers of helmet, but for those of pages', async (t) => {
  const app = await buildGateway(t, own())
  const reference = Fastify()
  t.teardown(() => reference.close())
  await reference.register(helmet, { frameguard: { action: 'deny' }, contentSecurityPolicy: false, hsts: false })
  reference.get('/', async () => '')
  const wanted = (await reference.inject('/')).headers
  const shared = ['cross-origin-opener-policy', 'cross-origin-resource-policy', 'referrer-policy', 'x-frame-options']
  const answers = [
    await app.inject({ url: '/api/agents', headers: bearer() }),
    await app.inject('/v1/models'),
    await app.inject({ url: '/api/chat/stream?message=x', headers: bearer() }),
    await app.inject('/docs'),
    await app.inject('/app/')
  ]
  for (const { headers } of answers) {
    for (const name of [...shared, 'x-content-type-options']) t.equal(headers[name], wanted[name], name)
    t.match(headers['content-security-policy'], /^default-src 'none'.*frame-ancestors 'none'/)
    for (const name of ['server', 'x-powered-by', 'strict-transport-security']) t.notOk(headers[name], name)
  }
  t.equal(answers[0]?.headers['content-security-policy'], "default-src 'none'; frame-ancestors 'none'")
})
