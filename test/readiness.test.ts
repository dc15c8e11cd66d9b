import { join } from 'node:path'
import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { bearer, buildGateway, servicesOf, temporaryFolder, TOKENS } from './support/gateway.ts'
import { startProcess } from './support/process.ts'

t.test('ready without a token or a limit, and after a change of nothing', async (t) => {
  const app = await buildGateway(t, { gateway: { rateLimit: { maxRequests: 1 } } })
  for (let n = 0; n < 3; n++) {
    const answer = await app.inject('/health/ready')
    t.same([answer.statusCode, answer.json()], [200, { status: 'ready' }])
  }
  t.notOk((await app.inject('/health/ready')).headers['ratelimit-limit'])
})

t.test('what cannot be written is not ready', async (t) => {
  const app = await buildGateway(t)
  const { storage } = await servicesOf(app)
  await storage.close()
  const answer = await app.inject('/health/ready')
  t.same([answer.statusCode, answer.json()], [503, { status: 'not_ready', reasons: ['storage'] }])
  t.equal((await app.inject('/health')).statusCode, 200, 'it is up all the same')
})

t.test('under pressure it is not ready', async (t) => {
  const app = await buildGateway(t, { gateway: { pressure: { maxRssBytes: 1_048_576 } } })
  t.same((await app.inject('/health/ready')).json(), { status: 'not_ready', reasons: ['overloaded'] })
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
