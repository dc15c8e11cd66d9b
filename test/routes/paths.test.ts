import t from 'tap'
import { bearer, buildGateway } from '../support/gateway.ts'

t.test('the root leads to the dashboard, under the prefix too', async (t) => {
  const app = await buildGateway(t)
  t.match(await app.inject('/'), { statusCode: 302, headers: { location: '/app/' } })
  const below = await buildGateway(t, { prefix: '/ai' })
  t.match(await below.inject('/ai/'), { statusCode: 302, headers: { location: '/ai/app/' } })
  t.match(await below.inject('/ai'), { statusCode: 302, headers: { location: '/ai/app/' } })
  t.match(await below.inject('/ai/app'), { statusCode: 302, headers: { location: '/ai/app/' } })
})

t.test('unknown paths and wrong methods, in the form of their surface', async (t) => {
  const app = await buildGateway(t, { prefix: '/ai' })
  const rest = await app.inject('/ai/api/nothing')
  t.match([rest.statusCode, rest.json()], [404, { error: 'Not Found' }])
  const openai = await app.inject('/ai/v1/nothing')
  t.match([openai.statusCode, openai.json()], [404, { error: { message: 'Not Found', type: 'not_found_error' } }])

  for (const [method, url, allow] of [
    ['PUT', '/ai/api/chat', 'POST'],
    ['GET', '/ai/api/chat', 'POST'],
    ['POST', '/ai/health', 'GET, HEAD'],
    ['POST', '/ai/health/', 'GET, HEAD'],
    ['HEAD', '/ai/api/chat/stream', 'GET, POST'],
    ['GET', '/ai/v1/chat/completions', 'POST'],
    ['POST', '/ai/v1/models/a/b', 'GET, HEAD']
  ] as const) {
    const answer = await app.inject({ method, url })
    t.match([answer.statusCode, answer.headers.allow], [405, allow], `${method} ${url}`)
  }
  const wrong = await app.inject({ method: 'PUT', url: '/ai/v1/models' })
  t.equal(wrong.json().error.type, 'invalid_request_error')
  t.match(await app.inject({ method: 'OPTIONS', url: '/ai/api/chat' }), { statusCode: 204, headers: { allow: 'POST' } })
})

t.test('without the dashboard, its REST API is gone too', async (t) => {
  const app = await buildGateway(t, { gateway: { web: { enabled: false } } })
  for (const url of ['/', '/app/', '/api/agents', '/api/health', '/api/chat/history']) {
    t.equal((await app.inject({ url, headers: bearer() })).statusCode, 404, url)
  }
  t.equal((await app.inject('/health')).statusCode, 200)
  t.equal((await app.inject({ url: '/v1/models', headers: bearer() })).statusCode, 200)
})

t.test('a gateway that is not enabled serves nothing', async (t) => {
  const app = await buildGateway(t, { gateway: { enabled: false } })
  t.equal((await app.inject('/health')).statusCode, 404)
})

t.test('the dashboard is served with a strict policy', async (t) => {
  const app = await buildGateway(t)
  const page = await app.inject('/app/')
  t.equal(page.statusCode, 200)
  t.match(page.headers['content-type'], /^text\/html/)
  t.match(page.headers['content-security-policy'], /default-src 'none'.*frame-ancestors 'none'/)
  t.equal(page.headers['x-content-type-options'], 'nosniff')
  t.equal(page.headers['cache-control'], 'no-cache')
  const route = await app.inject('/app/some/page')
  t.equal(route.statusCode, 200, 'a path of its own gets the page')
  t.match(route.body, '="../favicon.svg"', 'with addresses from where it is')
  t.equal((await app.inject('/app/missing.js')).statusCode, 404, 'a file that is not there does not')
  t.equal((await app.inject('/app/..%2fpackage.json')).statusCode === 200, false)
})
