import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { SECRETS, temporaryFolder } from './support/gateway.ts'
import { startProcess } from './support/process.ts'
import { caller } from './support/socket.ts'

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
    t.match(
      (await rpc('config.set', { path: 'gateway.port', value: 0 })).result,
      { paths: [] },
      'a flag stands above it'
    )
    t.match((await rpc('config.patch', { patch: { agents: { more: {} } } })).result, { version: 3 })
    first.child.kill('SIGTERM')
    await first.exit
    const second = startProcess(t, { args })
    t.match((await caller(await second.url())('agents.list')).result, { agents: [{ id: 'default' }, { id: 'more' }] })
    second.child.kill('SIGTERM')
    await second.exit
    const third = startProcess(t, { args: [...args, '--port', '0', '--discard-patches'] })
    t.match((await caller(await third.url())('agents.list')).result.agents.length, 1)
  }
)
