import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { temporaryFolder } from './support/gateway.ts'
import { startProcess } from './support/process.ts'

const deploy = (name: string) => join(import.meta.dirname, '../deploy', name)

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0

t.test('the unit is one that systemd takes', { skip: hasSystemd ? false : 'no systemd-analyze here' }, async (t) => {
  // What it starts is not installed here.
  const unit = await readFile(deploy('comis-gateway.service'), 'utf8')
  const file = join(await temporaryFolder(t), 'comis-gateway.service')
  await writeFile(file, unit.replace('/usr/local/bin/comis-gateway', process.execPath))
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' })
  t.same([status, stderr.split('\n').filter((line) => line.includes('comis-gateway'))], [0, []])
  const rating = execFileSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', file], {
    encoding: 'utf8'
  })
  t.match(rating, /Overall exposure level for comis-gateway\.service: [01]\.\d OK/)
})

t.test('the image runs as no root, and its health check tells up from down', async (t) => {
  const text = await readFile(deploy('Dockerfile'), 'utf8')
  const final = text.slice(text.lastIndexOf('\nFROM '))
  t.match(final, /\nUSER node\n/)
  t.ok(final.indexOf('USER node') < final.indexOf('ENTRYPOINT'))
  const { name, bin } = JSON.parse(await readFile(join(import.meta.dirname, '../package.json'), 'utf8'))
  t.match(final, `node_modules/${name}/${String(bin[name]).replace('./', '')}`)

  const [, command = ''] = /HEALTHCHECK[^[]*CMD (\[.*\])/.exec(final) ?? []
  const [, ...args] = JSON.parse(command) as string[]
  const folder = await temporaryFolder(t)
  const started = startProcess(t, { args: ['--port', '0', '--data-dir', join(folder, 'data')], cwd: folder })
  const { port } = new URL(await started.url())
  const check = () => promisify(execFile)(process.execPath, args, { env: { COMIS_PORT: port } })
  await t.resolves(check())
  started.child.kill('SIGTERM')
  await started.exit
  await t.rejects(check(), { code: 1 })
})
