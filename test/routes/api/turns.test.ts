import t from 'tap'
import { bearer, listenGateway, SECRETS } from '../../support/gateway.ts'
import { startUpstream } from '../../upstream/start.ts'

t.test('running turns can be seen and stopped by their owner or an admin', async (t) => {
  await using upstream = await startUpstream()
  const { url } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: { default: { provider: 'up', model: 'slow' } }
  })
  const call = (path: string, secret: string, method = 'GET') =>
    fetch(`${url}${path}`, { method, headers: bearer(secret) })
  const list = async (secret: string) =>
    ((await (await call('/api/turns', secret)).json()) as { turns: { id: string }[] }).turns

  const answer = fetch(`${url}/api/chat`, {
    method: 'POST',
    headers: { ...bearer(SECRETS.rpc), 'content-type': 'application/json' },
    body: JSON.stringify({ message: 'go', sessionKey: 's' })
  })
  await upstream.waitFor(() => true)
  const [turn] = await list(SECRETS.rpc)
  t.match(turn, { id: /^turn_/, clientId: 'rpc', agentId: 'default', sessionKey: 's', startedAt: Number })
  t.same(await list(SECRETS.admin), [turn], 'an admin sees all')

  const other = await listenGateway(t)
  t.equal((await fetch(`${other.url}/api/turns/${turn?.id}`, { method: 'DELETE', headers: bearer() })).status, 404)
  t.equal((await call('/api/turns/turn_none', SECRETS.admin, 'DELETE')).status, 404)
  t.equal((await call(`/api/turns/${turn?.id}`, SECRETS.admin, 'DELETE')).status, 204)

  const response = await answer
  const body = (await response.json()) as { finishReason: string; response: string }
  t.match([response.status, body.finishReason], [200, 'aborted'])
  t.match(body.response, /^token0 /, 'what there was is answered')
  t.equal((await upstream.waitFor(({ ended }) => ended !== undefined)).ended, 'client_closed')
  t.same(await list(SECRETS.admin), [])
})

t.test('a turn of another client is not there', async (t) => {
  await using upstream = await startUpstream()
  const tokens = ['one', 'two'].map((id) => ({ id, secret: id.repeat(20), scopes: ['rpc' as const] }))
  const { url } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: { default: { provider: 'up', model: 'slow' } },
    gateway: { tokens }
  })
  const controller = new AbortController()
  const response = await fetch(`${url}/api/chat/stream?message=x`, {
    headers: bearer('one'.repeat(20)),
    signal: controller.signal
  })
  const id = response.headers.get('x-turn-id')
  const stranger = { headers: bearer('two'.repeat(20)) }
  t.same(await (await fetch(`${url}/api/turns`, stranger)).json(), { turns: [] })
  t.equal((await fetch(`${url}/api/turns/${id}`, { ...stranger, method: 'DELETE' })).status, 404)
  controller.abort()
})
