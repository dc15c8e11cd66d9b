import { chmod, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { temporaryFolder } from './support/gateway.ts'
import { startProcess } from './support/process.ts'

t.test('what is on disk is for its owner alone, and a start with less is refused', async (t) => {
  const cwd = await temporaryFolder(t)
  const dataDir = join(cwd, 'data')
  const args = ['--port', '0', '--data-dir', dataDir]
  const first = startProcess(t, { cwd, args })
  await first.url()
  first.child.kill('SIGKILL')
  await first.exit
  const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
  t.equal(await modeOf(dataDir), '700')
  for (const name of await readdir(dataDir))
    t.equal(await modeOf(join(dataDir, name)), name === 'media' ? '700' : '600', name)
  await chmod(join(dataDir, 'gateway.db'), 0o640)
  const second = startProcess(t, { cwd, args })
  t.equal(await second.exit, 1)
  const reason = `  dataDir: the file ${join(dataDir, 'gateway.db')} is open to others (mode 0640): chmod 600 it\n`
  t.equal(second.output().stderr, `Invalid configuration:\n${reason}`)
})
