import t from 'tap'
import { bearer, buildGateway, listenGateway, SECRETS } from '../support/gateway.ts'
import { caller, connect } from '../support/socket.ts'
import { watch } from '../support/watch.ts'

async function take(url: string, secret: string = SECRETS.rpc) {
  const answer = await fetch(`${url}/api/tickets`, { method: 'POST', headers: bearer(secret) })
  t.equal(answer.headers.get('cache-control'), 'no-store')
  return (await answer.json()) as { ticket: string; expiresAt: number }
}

t.test('a ticket opens one connection, as the client that took it', async (t) => {
  const { url } = await listenGateway(t)
  const { ticket, expiresAt } = await take(url)
  t.ok(Math.abs(expiresAt - Date.now() - 30_000) < 5000)
  const socket = await connect(t, url, { query: `?ticket=${ticket}` })
  t.match(await socket.call('system.ping'), { result: { pong: true } })
  t.match(await socket.call('config.read'), { error: { message: /requires 'admin'/ } }, 'with its scopes')
  const again = await connect(t, url, { query: `?ticket=${ticket}` })
  t.same(await again.closed, [4001, 'Unauthorized'])

  const open = async (path: string) => (await fetch(url + path)).status
  const query = async (path: string) => `${path}${(await take(url)).ticket}`
  const chat = await query('/api/chat/stream?message=hi&ticket=')
  t.same([await open(chat), await open(chat)], [200, 401])
  const events = await watch(t, url, { secret: '', query: await query('?ticket=') })
  await events.leave()
  t.equal(await open(await query('/api/agents?ticket=')), 401, 'and nothing else')
  t.equal(await open(`/api/chat/stream?message=hi&ticket=${SECRETS.rpc}`), 401, 'a token is no ticket')
})

t.test('who may take one, also without the dashboard', async (t) => {
  const app = await buildGateway(t, { gateway: { web: { enabled: false } } })
  const status = async (headers: object) =>
    (await app.inject({ method: 'POST', url: '/api/tickets', headers: { ...headers } })).statusCode
  t.same(await Promise.all([SECRETS.rpc, SECRETS.api, SECRETS.admin].map((s) => status(bearer(s)))), [200, 200, 200])
  t.same(await Promise.all([{}, bearer('x'.repeat(40)), bearer(SECRETS.mcp)].map(status)), [401, 401, 403])
})

t.test('those that were not used are bounded, and end', async (t) => {
  const { url } = await listenGateway(t)
  const all = await Promise.all(Array.from({ length: 100 }, () => take(url)))
  const refused = await fetch(`${url}/api/tickets`, { method: 'POST', headers: bearer(SECRETS.rpc) })
  t.match([refused.status, refused.headers.get('retry-after')], [503, '30'])
  t.equal((await fetch(`${url}/api/tickets`, { method: 'POST', headers: bearer() })).status, 200, 'others may go on')
  const [first] = all
  await (await watch(t, url, { secret: '', query: `?ticket=${first?.ticket}` })).leave()
  t.ok((await take(url)).ticket, 'a used one makes room')
})

t.test('a ticket ends after thirty seconds', async (t) => {
  const { url } = await listenGateway(t)
  const { ticket } = await take(url)
  const now = performance.now.bind(performance)
  t.intercept(performance, 'now', { value: () => now() + 30_001 })
  t.equal((await fetch(`${url}/api/chat/stream?message=hi&ticket=${ticket}`)).status, 401)
})

t.test('a ticket ends with its token, and so does what it opened', async (t) => {
  const { url } = await listenGateway(t)
  const [unused, used] = [await take(url), await take(url)]
  const socket = await connect(t, url, { query: `?ticket=${used.ticket}` })
  await caller(url)('tokens.revoke', { id: 'rpc' })
  t.equal((await socket.closed)[0], 4001)
  t.equal((await fetch(`${url}/api/chat/stream?message=hi&ticket=${unused.ticket}`)).status, 401)
})
