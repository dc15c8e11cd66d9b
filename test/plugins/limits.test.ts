import t from 'tap'
import { bearer, buildGateway, listenGateway, SECRETS, servicesOf, TOKENS } from '../support/gateway.ts'
import { caller } from '../support/socket.ts'

const limited = { gateway: { rateLimit: { maxRequests: 2, windowMs: 60_000 } } }

t.test('each client has its own allowance, told in headers', async (t) => {
  const app = await buildGateway(t, limited)
  const ask = (secret: string, url = '/api/agents') => app.inject({ url, headers: bearer(secret) })
  const first = await ask(SECRETS.rpc)
  t.match(first.headers, { 'ratelimit-limit': '2', 'ratelimit-remaining': '1', 'ratelimit-reset': '60' })
  await ask(SECRETS.rpc)
  const refused = await ask(SECRETS.rpc)
  t.equal(refused.statusCode, 429)
  t.same(refused.json(), { jsonrpc: '2.0', error: { code: -32_000, message: 'Rate limit exceeded' }, id: null })
  t.match(refused.headers, { 'ratelimit-remaining': '0', 'retry-after': /^\d+$/ })
  const openai = await ask(SECRETS.rpc, '/v1/models')
  t.match(
    [openai.statusCode, openai.json()],
    [429, { error: { type: 'rate_limit_error', code: 'rate_limit_exceeded' } }]
  )
  t.equal((await ask(SECRETS.all)).statusCode, 200, 'another client')
})

t.test('guesses are counted by address, unknown paths too', async (t) => {
  const app = await buildGateway(t, { ...limited, answerUnknownRoutes: true })
  const guess = (n: number) => app.inject({ url: '/api/agents', headers: bearer(`guess-${n}`.padEnd(40, 'x')) })
  t.equal((await guess(1)).statusCode, 401)
  t.equal((await app.inject('/nothing/here')).statusCode, 404)
  t.equal((await guess(2)).statusCode, 429)
  t.equal((await guess(3)).statusCode, 429)
  t.equal(
    (await app.inject({ url: '/api/agents', headers: bearer() })).statusCode,
    200,
    'whoever has a token is not shut out'
  )
})

t.test('X-Forwarded-For counts only where a trusted proxy wrote it', async (t) => {
  const ask = async (trustedProxies: string[]) => {
    const app = await buildGateway(t, { gateway: { ...limited.gateway, trustedProxies } })
    const statuses: number[] = []
    for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) {
      statuses.push((await app.inject({ url: '/api/agents', headers: { 'x-forwarded-for': address } })).statusCode)
    }
    return statuses
  }
  t.same(await ask([]), [401, 401, 429])
  t.same(await ask(['127.0.0.0/8']), [401, 401, 401])
  t.same(await ask(['10.0.0.0/8']), [401, 401, 429])
  await t.rejects(ask(['nonsense']), /gateway\.trustedProxies: expected IP addresses/)
})

t.test('a good token in between neither helps whoever guesses nor suffers from it', async (t) => {
  const app = await buildGateway(t, limited)
  const status = async (secret: string) =>
    (await app.inject({ url: '/api/agents', headers: bearer(secret) })).statusCode
  const wrong = 'w'.repeat(40)
  t.same([await status(wrong), await status(SECRETS.rpc), await status(wrong)], [401, 200, 401])
  t.same([await status(wrong), await status(SECRETS.rpc), await status(wrong)], [429, 200, 429])
  t.equal(await status(SECRETS.rpc), 429, 'it has its own count')
})

t.test('addresses of one IPv6 network are one, and one that is written in two ways', async (t) => {
  const app = await buildGateway(t, { gateway: { ...limited.gateway, trustedProxies: ['127.0.0.1'] } })
  const status = async (address: string) =>
    (await app.inject({ url: '/api/agents', headers: { 'x-forwarded-for': address } })).statusCode
  t.same([await status('2001:db8:1:2::1'), await status('2001:DB8:1:2:ffff::2')], [401, 401])
  t.equal(await status('2001:db8:1:2:a:b:c:d'), 429)
  t.equal(await status('2001:db8:1:3::1'), 401, 'the network beside it')
  t.same([await status('192.0.2.7'), await status('::ffff:192.0.2.7'), await status('192.0.2.7')], [401, 401, 429])
})

t.test('a token has its own limit, which is changed at once, as the common one is', async (t) => {
  const tokens = [
    ...TOKENS,
    { id: 'own', secret: 'own-limit-0123456789-0123456789-0123456789', scopes: ['rpc' as const] }
  ].map((token) => (token.id === 'own' ? { ...token, rateLimit: { maxRequests: 1 } } : token))
  const { url } = await listenGateway(t, { gateway: { ...limited.gateway, rateLimit: { maxRequests: 50 }, tokens } })
  const ask = (secret: string) => fetch(`${url}/api/agents`, { headers: bearer(secret) })
  const own = 'own-limit-0123456789-0123456789-0123456789'
  const first = await ask(own)
  t.same([first.status, first.headers.get('ratelimit-limit'), first.headers.get('ratelimit-reset')], [200, '1', '60'])
  t.equal((await ask(own)).status, 429)
  t.equal((await ask(SECRETS.rpc)).headers.get('ratelimit-limit'), '50')
  const rpc = caller(url, SECRETS.all)
  t.ok((await rpc('tokens.update', { id: 'own', rateLimit: { maxRequests: 10, windowMs: 60_000 } })).result)
  t.equal((await ask(own)).headers.get('ratelimit-remaining'), '7')
  t.ok((await rpc('tokens.update', { id: 'own', rateLimit: null })).result)
  t.equal((await ask(own)).headers.get('ratelimit-limit'), '50')
  t.ok((await rpc('config.patch', { patch: { gateway: { rateLimit: { maxRequests: 3 } } } })).result)
  t.equal((await ask(own)).status, 429)
})

t.test('a flood of addresses drives no client out of the count', async (t) => {
  const app = await buildGateway(t, { gateway: { ...limited.gateway, trustedProxies: ['127.0.0.1'] } })
  await servicesOf(app)
  const ask = (headers: Record<string, string>) => app.inject({ url: '/api/agents', headers })
  for (const _ of [1, 2]) await ask(bearer(SECRETS.rpc))
  for (let n = 0; n < 11_000; n++) await ask({ 'x-forwarded-for': `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}` })
  t.equal((await ask(bearer(SECRETS.rpc))).statusCode, 429)
})
