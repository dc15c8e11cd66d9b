import t from 'tap'
import { bearer, buildGateway, SECRETS } from '../support/gateway.ts'

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
