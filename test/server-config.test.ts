import { writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { SECRETS, temporaryFolder } from './support/gateway.ts'
import { startProcess } from './support/process.ts'
import { caller } from './support/socket.ts'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

t.test(
  'what is changed at run time counts at the next start, below the flags; the log can be made to tell more',
  async (t) => {
    const folder = await temporaryFolder(t)
    const config = join(folder, 'c.yaml')
    await writeFile(config, `gateway: { port: 1, tokens: [{ id: all, secret: ${SECRETS.all}, scopes: ['*'] }] }`)
    const args = ['--config', config, '--data-dir', join(folder, 'data')]
    const first = startProcess(t, { args: [...args, '--port', '0'] })
    const rpc = caller(await first.url())
    t.match((await rpc('daemon.setLogLevel', { level: 'debug' })).result, { level: 'debug', before: 'info' })
    t.match((await rpc('daemon.setLogLevel', { level: 'loud' })).error, { code: -32_602 })
    t.match(first.output().stderr, /"path":"\/rpc".*"msg":"request"/)
    const port = await freePort()
    const paths = ['gateway.port']
    const set = await rpc('config.set', { path: 'gateway.port', value: port })
    t.same(set.result, { version: 2, paths, restart: paths, overridden: paths }, 'a flag stands above it')
    const whole = (await rpc('config.read')).result.config
    t.match((await rpc('config.patch', { patch: whole })).result, { version: 2, paths: [] }, 'as it was shown')
    t.match((await rpc('config.patch', { patch: { agents: { more: {} } } })).result, { version: 3 })
    first.child.kill('SIGTERM')
    await first.exit
    const second = startProcess(t, { args })
    t.equal(new URL(await second.url()).port, String(port))
    t.match((await caller(await second.url())('agents.list')).result, { agents: [{ id: 'default' }, { id: 'more' }] })
    second.child.kill('SIGTERM')
    await second.exit
    const third = startProcess(t, { args: [...args, '--port', '0', '--discard-patches'] })
    t.match((await caller(await third.url())('agents.list')).result.agents.length, 1)
  }
)
