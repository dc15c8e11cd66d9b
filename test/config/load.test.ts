import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { loadCommand } from '../../src/config/load.ts'
import { temporaryFolder } from '../support/gateway.ts'

function serve(argv: string[], env: Record<string, string> = {}) {
  const command = loadCommand(argv, { COMIS_DATA_DIR: '/nowhere', ...env })
  if (command.run !== 'serve') throw new Error('expected to serve')
  const { config, overrides } = command
  return { ...command, config: { ...config, gateway: { ...config.gateway, ...overrides.gateway } } }
}

t.test('flag beats environment beats file beats default', async (t) => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'c.yaml')
  await writeFile(file, 'gateway: { port: 1001, host: 10.0.0.1 }\ndataDir: /from-file')
  const env = { COMIS_PORT: '1002', COMIS_CONFIG: file }
  t.match(serve(['--port', '1003'], env).config.gateway, { port: 1003, host: '10.0.0.1' })
  t.match(serve([], env).config.gateway, { port: 1002, host: '10.0.0.1' })
  t.match(serve([], { COMIS_CONFIG: file }).config.gateway, { port: 1001 })
  t.match(serve([]).config.gateway, { port: 4766, host: '127.0.0.1' })
  t.equal(serve([], { COMIS_CONFIG: file }).config.dataDir, '/nowhere', 'the environment beats the file')
  t.equal(loadCommand([], { COMIS_CONFIG: file }).run, 'serve')
  t.equal(serve(['--data-dir=/flag'], env).config.dataDir, '/flag')
  t.equal(serve(['--host', '::1'], { COMIS_HOST: '10.0.0.2' }).config.gateway.host, '::1')
})

t.test('the file in the data folder is found', async (t) => {
  const folder = await temporaryFolder(t)
  await mkdir(join(folder, 'data'))
  await writeFile(join(folder, 'data/config.yaml'), 'gateway: { port: 7 }')
  const { config, configPath } = serve(['--data-dir', join(folder, 'data')])
  t.equal(config.gateway.port, 7)
  t.equal(configPath, join(folder, 'data/config.yaml'))
})

t.test('the log level', async (t) => {
  t.equal(serve([]).logLevel, 'info')
  t.equal(serve([], { COMIS_LOG_LEVEL: 'warn' }).logLevel, 'warn')
  t.equal(serve(['--log-level', 'debug'], { COMIS_LOG_LEVEL: 'warn' }).logLevel, 'debug')
  t.throws(() => serve(['--log-level', 'loud']), /--log-level: expected one of trace/)
  t.throws(() => serve([], { COMIS_LOG_LEVEL: 'loud' }), /COMIS_LOG_LEVEL: expected one of trace/)
})

t.test('flags that cannot be meant', async (t) => {
  t.throws(() => serve(['--prot', '1']), /--prot: unknown flag; did you mean --port\?/)
  t.throws(() => serve(['--port']), /--port: expected a value/)
  t.throws(() => serve(['--port', 'x']), /--port: expected an integer from 0 to 65535/)
  t.throws(() => serve([], { COMIS_PORT: '-1' }), /COMIS_PORT: expected an integer/)
  t.throws(() => serve(['extra']), /extra: unexpected argument/)
  t.throws(() => serve(['--config', '/nowhere.yaml']), /cannot be read/)
})

t.test('help and version', async (t) => {
  t.same(loadCommand(['--help'], {}), { run: 'help' })
  t.same(loadCommand(['--version'], {}), { run: 'version' })
})
