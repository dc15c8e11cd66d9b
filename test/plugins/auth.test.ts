import { createHash } from 'node:crypto'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { bearer, buildGateway, listenGateway, SECRETS, temporaryFolder, TOKENS } from '../support/gateway.ts'
import { caller } from '../support/socket.ts'
import { watch } from '../support/watch.ts'

const REST = '/api/agents'
const V1 = '/v1/models'

t.test('every scope against both surfaces', async (t) => {
  const app = await buildGateway(t)
  const cases: [keyof typeof SECRETS, number, number][] = [
    ['all', 200, 200],
    ['rpc', 200, 200],
    ['api', 403, 200],
    ['admin', 200, 200],
    ['mcp', 403, 403]
  ]
  for (const [client, rest, v1] of cases) {
    const headers = bearer(SECRETS[client])
    t.equal((await app.inject({ url: REST, headers })).statusCode, rest, `${client} ${REST}`)
    t.equal((await app.inject({ url: V1, headers })).statusCode, v1, `${client} ${V1}`)
  }
})

t.test('admin alone is not rpc: scopes are flat', async (t) => {
  const secret = 'only-admin-0123456789-0123456789-012345678'
  const app = await buildGateway(t, { gateway: { tokens: [{ id: 'a', secret, scopes: ['admin'] }] } })
  t.equal((await app.inject({ url: REST, headers: bearer(secret) })).statusCode, 403)
})

t.test('401 and 403 in the form of their surface', async (t) => {
  const app = await buildGateway(t)
  const missing = await app.inject(REST)
  t.match([missing.statusCode, missing.json()], [401, { error: 'Unauthorized' }])
  t.equal(missing.headers['www-authenticate'], 'Bearer realm="comis-gateway"')
  const wrong = await app.inject({ url: REST, headers: bearer('x'.repeat(40)) })
  t.match([wrong.statusCode, wrong.json()], [401, { error: 'Unauthorized' }])
  t.match(wrong.headers['www-authenticate'], /error="invalid_token"/)
  const narrow = await app.inject({ url: REST, headers: bearer(SECRETS.api) })
  t.match([narrow.statusCode, narrow.json()], [403, { error: 'Forbidden: insufficient scope' }])
  t.match(narrow.headers['www-authenticate'], /error="insufficient_scope"/)
  t.match((await app.inject(V1)).json(), { error: { type: 'authentication_error', code: 'invalid_api_key' } })
  t.match((await app.inject({ url: V1, headers: bearer(SECRETS.mcp) })).json(), { error: { type: 'permission_error' } })
})

t.test('the scheme is case-insensitive, anything else is no credential', async (t) => {
  const app = await buildGateway(t)
  const status = async (authorization: string) =>
    (await app.inject({ url: REST, headers: { authorization } })).statusCode
  t.equal(await status(`bearer ${SECRETS.rpc}`), 200)
  t.equal(await status(`BEARER   ${SECRETS.rpc} `), 200)
  for (const header of [
    '',
    'Bearer',
    'Bearer ',
    SECRETS.rpc,
    `Basic ${SECRETS.rpc}`,
    `Bearer ${SECRETS.rpc} x`,
    `Bearer ${SECRETS.rpc}x`
  ]) {
    t.equal(await status(header), 401, JSON.stringify(header))
  }
})

t.test('a token in the address is taken where a browser can do no better, and nowhere else', async (t) => {
  const app = await buildGateway(t)
  t.equal((await app.inject(`${REST}?token=${SECRETS.rpc}`)).statusCode, 401)
  t.equal((await app.inject(`/api/chat/stream?message=hi&token=${SECRETS.rpc}`)).statusCode, 200)
  t.equal((await app.inject(`/api/chat/stream?message=hi&token=wrong`)).statusCode, 401)
  t.equal((await app.inject(`/api/chat/stream?message=hi&token=${SECRETS.mcp}`)).statusCode, 403)
})

t.test('secrets may be digests or files; expired tokens are refused', async (t) => {
  const file = join(await temporaryFolder(t), 'secret')
  await writeFile(file, `${'f'.repeat(40)}\n`, { mode: 0o600 })
  const secretHash = createHash('sha256').update('h'.repeat(40)).digest('hex')
  const app = await buildGateway(t, {
    gateway: {
      tokens: [
        { id: 'file', secret: { file }, scopes: ['rpc'] },
        { id: 'hash', secretHash, scopes: ['rpc'] },
        { id: 'old', secret: 'o'.repeat(40), scopes: ['rpc'], expiresAt: '2020-01-01T00:00:00Z' },
        { id: 'new', secret: 'n'.repeat(40), scopes: ['rpc'], expiresAt: '2999-01-01T00:00:00Z' }
      ]
    }
  })
  const status = async (letter: string) =>
    (await app.inject({ url: REST, headers: bearer(letter.repeat(40)) })).statusCode
  t.same(await Promise.all(['f', 'h', 'o', 'n'].map(status)), [200, 200, 401, 200])
})

t.test('a secret file that is missing or too short stops the start', async (t) => {
  const file = join(await temporaryFolder(t), 'secret')
  const start = async () =>
    (await buildGateway(t, { gateway: { tokens: [{ id: 'a', secret: { file }, scopes: ['rpc'] }] } })).ready()
  await t.rejects(start(), /gateway\.tokens\.0\.secret: the file .* cannot be read \(ENOENT\)/)
  await writeFile(file, 'short', { mode: 0o600 })
  await t.rejects(start(), /gateway\.tokens\.0\.secret: expected at least 32 characters/)
  await chmod(file, 0o640)
  await t.rejects(start(), /gateway\.tokens\.0\.secret: the file \S+ is open to others \(mode 0640\): chmod 600 it/)
})

t.test('what is remembered by agents that a token may not use is not found by it', async (t) => {
  const secret = 'one-agent-0123456789-0123456789-012345678'
  const tokens = [...TOKENS, { id: 'one', secret, scopes: ['rpc' as const], agents: ['support'] }]
  const { url } = await listenGateway(t, { embeddings: false, gateway: { tokens } })
  for (const agentId of [undefined, 'support', 'other']) {
    await caller(url)('memory.store', { content: `the key is with ${agentId}`, agentId })
  }
  const found = async (params: object) => {
    const { result, error } = await caller(url, secret)('memory.search', { query: 'key', ...params })
    return error?.message ?? result.results.map(({ agentId }: { agentId?: string }) => agentId ?? 'all').toSorted()
  }
  t.same(await found({}), ['all', 'support'])
  t.same(await found({ agentId: 'support' }), ['all', 'support'])
  t.match(await found({ agentId: 'other' }), /may not use the agent "other"/)
  const rest = await fetch(`${url}/api/memory/search?q=key&agentId=other`, { headers: bearer(secret) })
  t.equal(rest.status, 403)
  const all = await fetch(`${url}/api/memory/search?q=key`, { headers: bearer(secret) })
  const { results } = (await all.json()) as { results: unknown[] }
  t.equal(results.length, 2)
})

t.test('refusals of nobody’s requests are told to admins, and not to other clients', async (t) => {
  const { url } = await listenGateway(t)
  const [admin, client] = [await watch(t, url), await watch(t, url, { secret: SECRETS.rpc })]
  await fetch(`${url}/api/agents`, { headers: bearer('x'.repeat(40)) })
  await admin.until(() => admin.of('audit:event').length === 1)
  await caller(url, SECRETS.rpc)('agent.execute', { message: 'hi' })
  await client.until(() => client.of('message:sent').length === 1)
  t.same([...client.of('security:warn'), ...client.of('audit:event')], [])
})
