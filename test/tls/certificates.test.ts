import { once } from 'node:events'
import { request as httpsRequest } from 'node:https'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import gateway from '../../src/gateway.ts'
import { bearer, completeOptions, SECRETS } from '../support/gateway.ts'
import { ask, clientOf, createAuthority } from '../support/tls.ts'
import { ROBOT, serveTls } from '../support/tls-process.ts'

function openSocket(t: Test, url: string, options: object): WebSocket {
  const ws = new WebSocket(`${url.replace('https', 'wss')}/ws`, options)
  t.teardown(() => ws.terminate())
  return ws
}

/** A process is slow to start: they share one. */
const { authority, process: served, url } = await serveTls(t)

t.test('a certificate alone authenticates, over REST, SSE and WebSocket', async (t) => {
  t.match(url, /^https:\/\/127\.0\.0\.1:/)
  const robot = await clientOf(authority, await authority.issue('robot', ROBOT))
  const agents = await ask(`${url}/api/agents`, robot)
  t.equal(agents.status, 200)
  t.equal(agents.headers['strict-transport-security'], 'max-age=31536000')
  const reader = await clientOf(
    authority,
    await authority.issue('reader', { subject: '/CN=any', san: 'DNS:x.example,URI:spiffe://example/reader' })
  )
  t.equal((await ask(`${url}/v1/models`, reader)).status, 200)
  t.equal((await ask(`${url}/api/agents`, reader)).status, 403, 'with its own scopes')

  const stream = httpsRequest(`${url}/api/events`, { ...robot, agent: false }).end()
  const [events] = await once(stream, 'response')
  t.equal(events.statusCode, 200)
  t.match(String((await once(events, 'data'))[0]), /^retry: 3000/)
  stream.destroy()

  const ws = openSocket(t, url, robot)
  await once(ws, 'open')
  ws.send(
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'agent.execute', params: { sessionKey: 's', message: 'hi' } })
  )
  await once(ws, 'message')
  const sessions = JSON.parse((await ask(`${url}/api/sessions`, robot)).text)
  t.equal(sessions.sessions.length, 1, 'it owns the sessions that it starts')
  t.equal((await ask(`${url}/api/sessions`, robot, bearer(SECRETS.rpc))).text.includes('"s"'), false)
  t.notMatch(served.output().stderr, 'BEGIN')
})

t.test('a bearer beside it counts alone, also a wrong one', async (t) => {
  const robot = await clientOf(authority, await authority.issue('robot', ROBOT))
  const status = async (path: string, secret: string) => (await ask(url + path, robot, bearer(secret))).status
  t.equal(await status('/api/agents', SECRETS.api), 403)
  t.equal(await status('/api/agents', 'x'.repeat(40)), 401)
  t.equal(await status('/api/agents', SECRETS.rpc), 200)
  const page = { origin: 'https://evil.example' }
  const foreign = await ask(`${url}/api/agents`, robot, page)
  t.same([foreign.status, foreign.text.includes('corsOrigins')], [403, true], 'a page cannot borrow the certificate')
})

t.test('a certificate that is wrong, expired or missing ends the handshake', async (t) => {
  const other = await createAuthority(t)
  const wrong = await clientOf(other, await other.issue('robot', ROBOT))
  const { ca } = await clientOf(authority)
  await t.rejects(ask(`${url}/health`, { ...wrong, ca }))
  const expired = await authority.issue('old', { ...ROBOT, days: -1 })
  await t.rejects(ask(`${url}/health`, await clientOf(authority, expired)))
  await t.rejects(ask(`${url}/api/agents`, { ca }, bearer()), 'whatever it brings beside it')
  const ws = openSocket(t, url, { ...wrong, ca })
  await t.rejects(once(ws, 'open'))
  await t.rejects(ask(`${url}/health`, { ...(await clientOf(authority)), maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }))
  const nobody = await clientOf(authority, await authority.issue('nobody', { subject: '/CN=robot' }))
  t.equal((await ask(`${url}/api/agents`, nobody)).status, 401, 'one that is nobody’s is good for a token beside it')
  t.equal((await ask(`${url}/api/agents`, nobody, bearer())).status, 200)
})

t.test('where none is required, a bad one is as good as none', async (t) => {
  const { authority, url } = await serveTls(t, { requireClientCert: false })
  const other = await createAuthority(t)
  const { ca } = await clientOf(authority)
  const wrong = { ...(await clientOf(other, await other.issue('robot', ROBOT))), ca }
  const expired = await clientOf(authority, await authority.issue('old', { ...ROBOT, days: -1 }))
  for (const client of [{ ca }, wrong, expired]) {
    t.equal((await ask(`${url}/api/agents`, client)).status, 401)
    t.equal((await ask(`${url}/api/agents`, client, bearer())).status, 200)
  }
  const robot = await clientOf(authority, await authority.issue('robot', ROBOT))
  t.equal((await ask(`${url}/api/agents`, robot)).status, 200)
})

t.test('in a host that asks for certificates the clients are known too', async (t) => {
  const server = await authority.issue('host', { subject: '/CN=localhost', san: 'DNS:localhost,IP:127.0.0.1' })
  const { cert, key, ca } = await clientOf(authority, server)
  const app = Fastify({ https: { cert, key, ca, requestCert: true, rejectUnauthorized: false } })
  t.teardown(() => app.close())
  const tls = { clients: [{ subject: 'O=Example, CN=robot', id: 'robot', scopes: ['rpc' as const] }] }
  await app.register(gateway, { prefix: '/ai', ...(await completeOptions(t, { gateway: { tls } })) })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const robot = await clientOf(authority, await authority.issue('robot', ROBOT))
  const known = await ask(`${url}/ai/api/agents`, robot)
  t.equal(known.status, 200)
  t.notOk(known.headers['strict-transport-security'], 'the host decides that')
  t.equal((await ask(`${url}/ai/api/agents`, { ca })).status, 401)
  const foreign = await ask(`${url}/ai/api/agents`, robot, {
    'sec-fetch-site': 'cross-site',
    origin: 'https://evil.example'
  })
  t.equal(foreign.status, 403, 'and no page borrows a certificate here either')
})
