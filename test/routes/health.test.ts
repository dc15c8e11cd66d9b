import t from 'tap'
import { buildGateway } from '../support/gateway.ts'

t.test('health needs no token, and tells one run from another', async (t) => {
  const app = await buildGateway(t)
  const first = await app.inject('/health')
  t.equal(first.statusCode, 200)
  const body = first.json()
  t.equal(body.status, 'ok')
  t.equal(new Date(body.timestamp).toISOString(), body.timestamp)
  t.equal(new Date(body.startedAt).toISOString(), body.startedAt)
  t.match(body.instanceId, /^[0-9a-f-]{36}$/)
  t.equal((await app.inject('/api/health')).json().instanceId, body.instanceId)
  const other = await buildGateway(t)
  t.not((await other.inject('/health')).json().instanceId, body.instanceId)
})

t.test('health is never limited', async (t) => {
  const app = await buildGateway(t, { gateway: { rateLimit: { maxRequests: 1 } } })
  for (let n = 0; n < 5; n++) {
    t.equal((await app.inject('/health')).statusCode, 200)
    t.equal((await app.inject('/api/health')).statusCode, 200)
  }
  t.notOk((await app.inject('/health')).headers['ratelimit-limit'])
})

t.test('HEAD is answered', async (t) => {
  const app = await buildGateway(t)
  const answer = await app.inject({ method: 'HEAD', url: '/health' })
  t.equal(answer.statusCode, 200)
  t.equal(answer.body, '')
})
