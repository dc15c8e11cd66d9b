import { execFileSync } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { fill } from './support/fill-disk.ts'
import { bearer, temporaryFolder, TOKENS } from './support/gateway.ts'
import { startProcess } from './support/process.ts'
import { waitUntil } from './support/watch.ts'

const HOOK_SECRET = 'webhook-secret-0123456789-0123456789'
const json = { ...bearer(), 'content-type': 'application/json' }

/** A file system of 24 MiB; undefined where none may be mounted. */
async function smallDisk(t: Test): Promise<{ folder: string; disk: string } | undefined> {
  const folder = await temporaryFolder(t)
  const disk = join(folder, 'disk')
  mkdirSync(disk)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  t.teardown(() => execFileSync('umount', ['-l', disk]))
  return { folder, disk }
}

t.test('a full disk is a 507 on every surface, and nothing that was answered is lost', async (t) => {
  const place = await smallDisk(t)
  if (!place)
    return t.pass('a full disk', { skip: 'NOT TESTED: this user may not mount a small file system; run it as root' })
  const { folder, disk } = place
  const config = {
    gateway: { tokens: TOKENS, port: 0, rateLimit: { maxRequests: 1_000_000 } },
    webhooks: {
      enabled: true,
      token: HOOK_SECRET,
      mappings: [{ id: 'm', match: { path: 'm' }, messageTemplate: 'x' }]
    },
    dataDir: join(disk, 'data')
  }
  writeFileSync(join(folder, 'comis-gateway.yaml'), JSON.stringify(config))
  const gateway = startProcess(t, { cwd: folder })
  const url = await gateway.url()
  const acknowledged: string[] = []

  const post = (path: string, body: unknown, headers: Record<string, string> = json) =>
    fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
  const rpc = async (method: string, params: object) => {
    const answer = await post('/rpc', { jsonrpc: '2.0', id: 1, method, params })
    return [answer.status, ((await answer.json()) as { error: unknown }).error] as const
  }
  async function say(): Promise<{ status: number; body: unknown }> {
    const message = `${randomUUID()} ${'x'.repeat(2000)}`
    const answer = await post('/api/chat', { message, sessionKey: 's' })
    const body: unknown = await answer.json()
    if (answer.status === 200) acknowledged.push(message)
    return { status: answer.status, body }
  }

  for (let n = 0; n < 5; n++) t.equal((await say()).status, 200)
  let full = { status: 200, body: undefined as unknown }
  // The log of the database has room of its own left for a while.
  await waitUntil(async () => {
    fill(disk)
    full = await say()
    return full.status !== 200
  })
  const message = 'The storage is full: nothing can be stored until there is room again'
  t.same(full, { status: 507, body: { error: message } })

  const kept = await post('/v1/responses', { model: 'agent/default', input: 'x'.repeat(5000) })
  t.same(
    [kept.status, await kept.json()],
    [507, { error: { message, type: 'server_error', param: null, code: 'storage_full' } }]
  )
  const error = { code: -32_603, message, data: { code: 'storage_full' } }
  t.same(await rpc('memory.store', { content: 'x'.repeat(3900) }), [200, error])
  t.same(await rpc('agent.execute', { message: 'x'.repeat(5000) }), [200, error])

  const delivery = JSON.stringify({ text: 'x'.repeat(5000) })
  const signature = createHmac('sha256', HOOK_SECRET).update(delivery).digest('hex')
  const headers = { 'content-type': 'application/json', 'x-webhook-signature': signature }
  const hook = await fetch(`${url}/hooks/m`, { method: 'POST', headers, body: delivery })
  t.same([hook.status, await hook.json()], [507, { error: message }])

  const upload = await fetch(`${url}/media`, { method: 'POST', headers: bearer(), body: Buffer.alloc(500_000) })
  t.same([upload.status, await upload.json()], [507, { error: message }])

  const stream = await post('/api/chat/stream', { message: 'x'.repeat(5000), sessionKey: 's' })
  t.equal(stream.status, 507)

  const ready = await fetch(`${url}/health/ready`)
  t.same([ready.status, await ready.json()], [503, { status: 'not_ready', reasons: ['storage'] }])
  t.equal((await fetch(`${url}/health`)).status, 200, 'it lives')
  t.equal((await fetch(`${url}/api/sessions`, { headers: bearer() })).status, 200, 'and can be read')

  rmSync(join(disk, 'filler'), { recursive: true })
  await waitUntil(async () => (await fetch(`${url}/health/ready`)).status === 200)
  t.pass('it is ready again by itself')
  t.equal((await say()).status, 200)

  gateway.child.kill('SIGKILL')
  await gateway.exit
  const again = startProcess(t, { cwd: folder })
  const history = await fetch(`${await again.url()}/api/chat/history?channelId=s&limit=1000`, { headers: bearer() })
  const { messages } = (await history.json()) as { messages: { role: string; content: string }[] }
  const said = new Set(messages.filter(({ role }) => role === 'user').map(({ content }) => content))
  t.equal(acknowledged.length, acknowledged.filter((text) => said.has(text)).length, 'all that was answered is there')
  for (const { output } of [gateway, again]) t.notMatch(output().stderr + output().stdout, /UnhandledPromise|unhandled/)
})
