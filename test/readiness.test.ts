import { join } from 'node:path'
import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { watchReadiness } from '../src/readiness.ts'
import { openSqlite } from '../src/storage/sqlite/open.ts'
import { bearer, buildGateway, listenGateway, temporaryFolder, TOKENS } from './support/gateway.ts'
import { startProcess } from './support/process.ts'
import { waitUntil } from './support/watch.ts'

t.test('ready without a token or a limit', async (t) => {
  const app = await buildGateway(t, { gateway: { rateLimit: { maxRequests: 1 } } })
  for (let n = 0; n < 3; n++) {
    const answer = await app.inject('/health/ready')
    t.same([answer.statusCode, answer.json()], [200, { status: 'ready' }])
  }
  t.notOk((await app.inject('/health/ready')).headers['ratelimit-limit'])
})

t.test('a storage that does not work is told, and asked seldom', async (t) => {
  const storage = openSqlite(await temporaryFolder(t))
  let asked = 0
  const counted = { check: () => (asked++, storage.check()) }
  const readiness = watchReadiness({ storage: counted, isOverloaded: () => false })
  t.same(await Promise.all([readiness.reasons(), readiness.reasons()]), [[], []])
  t.equal(asked, 1)
  await storage.close()
  await sleep(600)
  t.same(await readiness.reasons(), ['storage'])
  readiness.end()
  t.same(await readiness.reasons(), ['shutting_down'])
})

t.test('under pressure it is not ready', async (t) => {
  const { url } = await listenGateway(t, { gateway: { pressure: { maxRssBytes: 1_048_576, sampleMs: 500 } } })
  await waitUntil(async () => (await fetch(`${url}/health/ready`)).status === 503)
  const answer = await fetch(`${url}/health/ready`)
  t.same(await answer.json(), { status: 'not_ready', reasons: ['overloaded'] })
  t.equal((await fetch(`${url}/health`)).status, 200, 'it is up all the same')
  t.equal((await fetch(`${url}/metrics`, { headers: bearer() })).status, 200, 'and tells how it is')
  t.equal((await fetch(`${url}/api/agents`, { headers: bearer() })).status, 503)
})

t.test('after SIGTERM it is not ready, and goes on serving for a while', async (t) => {
  const folder = await temporaryFolder(t)
  const gateway = { tokens: TOKENS, port: 0, drainMs: 1500 }
  await writeFile(join(folder, 'comis-gateway.yaml'), JSON.stringify({ gateway, dataDir: join(folder, 'data') }))
  const process = startProcess(t, { cwd: folder })
  const url = await process.url()
  t.equal((await fetch(`${url}/health/ready`)).status, 200)
  process.child.kill('SIGTERM')
  await sleep(300)
  const answer = await fetch(`${url}/health/ready`)
  t.same([answer.status, await answer.json()], [503, { status: 'not_ready', reasons: ['shutting_down'] }])
  t.equal((await fetch(`${url}/api/agents`, { headers: bearer() })).status, 200)
  t.equal(await process.exit, 0)
  await t.rejects(fetch(`${url}/health/ready`))
})
