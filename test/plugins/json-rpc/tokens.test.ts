import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { GatewayOptions } from '../../../src/gateway.ts'
import { bearer, listenGateway, SECRETS, servicesOf, temporaryFolder, TOKENS } from '../../support/gateway.ts'
import { startProcess } from '../../support/process.ts'
import { post } from '../../support/socket.ts'
import { waitUntil, watch } from '../../support/watch.ts'

interface Made {
  id: string
  secret: string
  scopes: string[]
  expiresAt?: number
  fingerprint: string
  previousEndsAt: number
}
interface Answer {
  result?: unknown
  error?: { code: number; message: string; data?: object }
}

const digestOf = (secret: string) => createHash('sha256').update(secret).digest('hex')

async function call(url: string, method: string, params: object = {}, secret: string = SECRETS.admin): Promise<Answer> {
  const { json } = await post(url, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }), secret)
  return json as Answer
}

async function made(url: string, method: string, params: object): Promise<Made> {
  const { result, error } = await call(url, method, params)
  if (error) throw new Error(error.message)
  return result as Made
}

async function list(url: string, id?: string): Promise<Record<string, unknown>[]> {
  const { tokens } = (await call(url, 'tokens.list')).result as { tokens: Record<string, unknown>[] }
  return id === undefined ? tokens : tokens.filter((token) => token.id === id)
}

async function status(url: string, secret: string): Promise<number> {
  const response = await fetch(`${url}/api/agents`, { headers: bearer(secret) })
  await response.body?.cancel()
  return response.status
}

/** Everything in the data folder, as it is on disk. */
async function contents(folder: string): Promise<string> {
  const files = (await readdir(folder)).filter((name) => name.startsWith('gateway.db'))
  return (await Promise.all(files.map((name) => readFile(join(folder, name), 'latin1')))).join('')
}

t.test('a token is made, used, rotated and revoked', async (t) => {
  const dataDir = await temporaryFolder(t)
  const { url } = await listenGateway(t, { dataDir })
  const first = await made(url, 'tokens.create', { id: 'phone', scopes: ['rpc', 'api'] })
  t.match(first, { id: 'phone', secret: /^cgw_[\w-]{43}$/, scopes: ['rpc', 'api'], expiresAt: undefined })
  t.equal(await status(url, first.secret), 200)

  const second = await made(url, 'tokens.rotate', { id: 'phone', graceSeconds: 2 })
  t.not(second.secret, first.secret)
  t.same(second.scopes, ['rpc', 'api'])
  t.ok(Math.abs(second.previousEndsAt - Date.now() - 2000) < 1000)
  t.same([await status(url, first.secret), await status(url, second.secret)], [200, 200], 'both, for a while')
  t.match(await list(url, 'phone'), [
    { fingerprint: first.fingerprint, expiresAt: second.previousEndsAt },
    { fingerprint: second.fingerprint, expiresAt: undefined }
  ])
  await waitUntil(async () => (await status(url, first.secret)) === 401)
  t.ok(Date.now() >= second.previousEndsAt)
  t.equal(await status(url, second.secret), 200)

  t.same((await call(url, 'tokens.revoke', { id: 'phone' })).result, { revoked: 1 })
  t.same([await status(url, first.secret), await status(url, second.secret)], [401, 401])
  t.same(await list(url, 'phone'), [])
  const again = await made(url, 'tokens.create', { id: 'phone', scopes: ['rpc'] })
  t.equal(await status(url, again.secret), 200, 'the name is free')

  const kept = await contents(dataDir)
  t.match(kept, digestOf(again.secret))
  for (const { secret } of [first, second, again]) t.notOk(kept.includes(secret), 'only digests are kept')
})

t.test('the list tells each secret by what is not secret', async (t) => {
  const { url } = await listenGateway(t)
  const expiresAt = Date.now() + 3_600_000
  const before = Date.now()
  const guest = await made(url, 'tokens.create', { id: 'guest', scopes: ['rpc'], expiresAt })
  t.equal(guest.expiresAt, expiresAt)
  t.match(await list(url, 'guest'), [{ lastUsedAt: undefined }])
  await status(url, guest.secret)
  const tokens = await list(url)
  t.same(
    tokens.map(({ id }) => id),
    ['admin', 'all', 'api', 'guest', 'mcp', 'rpc']
  )
  const entry = tokens.find(({ id }) => id === 'guest')
  t.match(entry, { scopes: ['rpc'], source: 'runtime', fingerprint: /^[0-9a-f]{8}$/, expiresAt })
  t.ok((entry?.createdAt as number) >= before && (entry?.lastUsedAt as number) >= (entry?.createdAt as number))
  t.match(tokens[0], { id: 'admin', scopes: ['admin', 'rpc'], source: 'config', createdAt: undefined })
  t.equal(tokens[0]?.fingerprint, digestOf(SECRETS.admin).slice(0, 8))
  const text = JSON.stringify(tokens)
  for (const secret of [guest.secret, ...Object.values(SECRETS)]) {
    t.notOk(text.includes(secret))
    t.notOk(text.includes(digestOf(secret).slice(0, 9)))
  }
})

t.test('a rotated secret keeps the limits of the newest one, unless it is given others', async (t) => {
  const { url } = await listenGateway(t)
  const expiresAt = Date.now() + 60_000
  await made(url, 'tokens.create', { id: 'guest', scopes: ['rpc'], expiresAt })
  const second = await made(url, 'tokens.rotate', { id: 'guest', graceSeconds: 3600 })
  t.equal(second.expiresAt, expiresAt)
  t.same(
    (await list(url, 'guest')).map((token) => token.expiresAt),
    [expiresAt, expiresAt],
    'an end is never put off'
  )
  const third = await made(url, 'tokens.rotate', { id: 'guest', graceSeconds: 0, expiresAt: expiresAt + 5 })
  t.match(await list(url, 'guest'), [{ fingerprint: third.fingerprint, expiresAt: expiresAt + 5 }])
  t.equal(await status(url, second.secret), 401, 'without grace it is over at once')
})

t.test('what is done at run time to a token of the configuration outlives a restart', async (t) => {
  const dataDir = await temporaryFolder(t)
  const start = async (tokens: NonNullable<GatewayOptions['gateway']>['tokens']) => {
    const { app, url } = await listenGateway(t, { dataDir, gateway: { tokens: [...(tokens ?? []), ...TOKENS] } })
    return { url, close: () => app.close() }
  }
  const [old, hashed, renewed] = ['old', 'hashed', 'new'].map((word) => word.repeat(20)) as [string, string, string]
  const configured = [
    { id: 'file', secret: old, scopes: ['rpc' as const] },
    { id: 'hash', secretHash: digestOf(hashed), scopes: ['rpc' as const] }
  ]
  let gateway = await start(configured)
  t.same([await status(gateway.url, old), await status(gateway.url, hashed)], [200, 200])
  await call(gateway.url, 'tokens.revoke', { id: 'file' })
  const rotated = await made(gateway.url, 'tokens.rotate', { id: 'hash', graceSeconds: 3 })
  t.same([await status(gateway.url, old), await status(gateway.url, hashed)], [401, 200])
  await gateway.close()

  gateway = await start(configured)
  t.equal(await status(gateway.url, old), 401, 'revoked it stays')
  t.same(await list(gateway.url, 'file'), [])
  t.equal(await status(gateway.url, rotated.secret), 200)
  await waitUntil(async () => (await status(gateway.url, hashed)) === 401)
  t.ok(Date.now() >= rotated.previousEndsAt, 'and the grace goes on')
  await gateway.close()

  gateway = await start([{ id: 'file', secret: renewed, scopes: ['rpc'] }, ...configured.slice(1)])
  t.same(
    await Promise.all([old, renewed, hashed, rotated.secret].map((secret) => status(gateway.url, secret))),
    [401, 200, 401, 200]
  )
})

t.test('the last way in for an admin is only shut by force', async (t) => {
  const { url } = await listenGateway(t)
  t.match(await call(url, 'tokens.revoke', { id: 'all' }), { result: { revoked: 1 } })
  t.match(await call(url, 'tokens.revoke', { id: 'admin' }), {
    error: {
      code: -32_602,
      message: 'No admin could come in any more: say `force` if that is meant',
      data: { code: 'invalid_request', issues: [{ path: 'force' }] }
    }
  })
  t.equal(await status(url, SECRETS.admin), 200)
  t.match(await call(url, 'tokens.revoke', { id: 'rpc' }), { result: { revoked: 1 } }, 'others are no matter')
})

t.test('changes at the same time are made one after the other, and hold from then on', async (t) => {
  const { app, url } = await listenGateway(t)
  const { tokens } = await servicesOf(app)
  const by = tokens.verify(SECRETS.admin)
  if (!by) throw new Error('the token is configured')
  const outcomes = async (changes: Promise<unknown>[]) =>
    (await Promise.allSettled(changes)).map((outcome) => outcome.status)
  const twice = () => tokens.create({ id: 'once', scopes: ['rpc'] }, by)
  t.same(await outcomes([twice(), twice()]), ['fulfilled', 'rejected'])
  t.equal((await list(url, 'once')).length, 1)
  const admins = ['all', 'admin'].map((id) => tokens.revoke({ id }, by))
  t.same(await outcomes(admins), ['fulfilled', 'rejected'], 'one of two admins is the last')
  t.equal(await status(url, SECRETS.rpc), 200)
  await tokens.revoke({ id: 'rpc' }, by)
  t.equal(tokens.verify(SECRETS.rpc), undefined, 'at once, also for one that was verified before')
})

t.test('an admin that revokes itself still hears of it, by force too', async (t) => {
  const { url } = await listenGateway(t)
  await call(url, 'tokens.revoke', { id: 'all' })
  t.same((await call(url, 'tokens.revoke', { id: 'admin', force: true })).result, { revoked: 1 })
  t.equal((await post(url, '{}', SECRETS.admin)).status, 401)
})

t.test('a gateway whose tokens are all revoked makes no first one again', async (t) => {
  const cwd = await temporaryFolder(t)
  const args = ['--port', '0', '--data-dir', join(cwd, 'data')]
  const first = startProcess(t, { args, cwd })
  const url = await first.url()
  const secret = await first.token()
  t.same((await call(url, 'tokens.revoke', { id: 'owner', force: true }, secret)).result, { revoked: 1 })
  first.child.kill('SIGTERM')
  await first.exit
  const second = startProcess(t, { args, cwd })
  t.equal((await post(await second.url(), '{}', secret)).status, 401)
  await sleep(100)
  t.notMatch(second.output().stdout, /Token|cgw_/)
})

t.test('what cannot be is refused', async (t) => {
  const { url } = await listenGateway(t)
  const cases: [method: string, params: object, message: RegExp, path: string][] = [
    ['create', { id: 'rpc', scopes: ['rpc'] }, /^"rpc" has a token already: rotate it$/, 'id'],
    ['create', { id: 'a b', scopes: ['rpc'] }, /^Invalid params$/, 'id'],
    ['create', { id: 'x', scopes: [] }, /^Invalid params$/, 'scopes'],
    ['create', { id: 'x', scopes: ['root'] }, /^Invalid params$/, 'scopes.0'],
    ['create', { id: 'x', scopes: ['mcp-client', 'rpc'] }, /^Invalid scopes: "mcp-client" cannot/, 'scopes'],
    ['create', { id: 'x', scopes: ['rpc'], expiresAt: Date.now() }, /^`expiresAt` is in the past$/, 'expiresAt'],
    ['create', { id: 'x', scopes: ['rpc'], expiresAt: '2999-01-01' }, /^Invalid params$/, 'expiresAt'],
    ['rotate', { id: 'rpc', expiresAt: 5 }, /^`expiresAt` is in the past$/, 'expiresAt'],
    ['rotate', { id: 'rpc', graceSeconds: 2_592_001 }, /^Invalid params$/, 'graceSeconds']
  ]
  for (const [method, params, message, path] of cases) {
    const { error } = await call(url, `tokens.${method}`, params)
    t.match(error, { code: -32_602, message, data: { issues: [{ path }] } }, JSON.stringify(params))
  }
  for (const method of ['rotate', 'revoke']) {
    const { error } = await call(url, `tokens.${method}`, { id: 'nobody' })
    t.match(error, { code: -32_000, message: 'There is no such token', data: { code: 'not_found' } })
  }
  for (const method of ['list', 'create', 'rotate', 'revoke']) {
    const params = method === 'list' ? {} : { id: 'x', scopes: ['rpc'] }
    const { error } = await call(url, `tokens.${method}`, params, SECRETS.rpc)
    t.match(error, { code: -32_603, message: `Insufficient scope: requires 'admin'` })
  }
  t.equal((await list(url)).length, TOKENS.length, 'nothing was made')
})

t.test('changes are told to admins, without what is secret', async (t) => {
  const { url } = await listenGateway(t)
  const [admin, client] = [await watch(t, url), await watch(t, url, { secret: SECRETS.rpc })]
  const first = await made(url, 'tokens.create', { id: 'phone', scopes: ['rpc'] })
  const second = await made(url, 'tokens.rotate', { id: 'phone' })
  await call(url, 'tokens.revoke', { id: 'phone' })
  await call(url, 'tokens.revoke', { id: 'phone' })
  await admin.until(() => admin.of('secret:modified').length === 3)
  t.same(
    admin.of('audit:event'),
    ['create', 'rotate', 'revoke'].map((done) => ({
      action: `token.${done}`,
      outcome: 'done',
      subject: 'phone',
      clientId: 'admin'
    }))
  )
  t.same(admin.of('secret:modified')[0], { name: 'token:phone', clientId: 'admin' })
  await call(url, 'agent.execute', { message: 'hello' }, SECRETS.rpc)
  await client.until(() => client.of('message:sent').length > 0)
  t.same([client.of('audit:event'), client.of('secret:modified')], [[], []])
  const told = JSON.stringify(admin.events)
  for (const { secret, fingerprint } of [first, second]) t.notOk(told.includes(secret) || told.includes(fingerprint))
})

t.test('a time that no clock has stops the start', async (t: Test) => {
  const tokens = [{ id: 'a', secret: 'x'.repeat(40), scopes: ['rpc' as const], expiresAt: '2016-12-31T23:59:60Z' }]
  await t.rejects(listenGateway(t, { gateway: { tokens } }), /gateway\.tokens\.0\.expiresAt: there is no such time/)
})
