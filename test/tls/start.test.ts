import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import t from 'tap'
import { parseConfig } from '../../src/config/parse.ts'
import type { TlsConfig } from '../../src/config/schema.ts'
import { loadTls } from '../../src/tls/load.ts'
import { bearer, TOKENS } from '../support/gateway.ts'
import { startProcess } from '../support/process.ts'
import { ask, clientOf, createAuthority } from '../support/tls.ts'
import { waitUntil } from '../support/watch.ts'

const SERVER = { subject: '/CN=localhost', san: 'DNS:localhost,IP:127.0.0.1' }

t.test('what cannot be served with stops the start, in one line', async (t) => {
  const authority = await createAuthority(t)
  const { folder: cwd, caPath } = authority
  const good = await authority.issue('server', SERVER)
  const other = await authority.issue('other', SERVER)
  const expired = await authority.issue('expired', { ...SERVER, days: -1 })
  const [junk, shared, chain] = [join(cwd, 'junk'), join(cwd, 'shared.key'), join(cwd, 'chain.pem')]
  await writeFile(junk, 'nothing of the kind', { mode: 0o600 })
  await copyFile(good.keyPath, shared)
  await chmod(shared, 0o644)
  await writeFile(chain, (await readFile(good.certPath, 'utf8')) + (await readFile(other.certPath, 'utf8')))

  const lineOf = (tls: object) => {
    try {
      const { gateway } = parseConfig({ gateway: { tls } })
      loadTls(gateway.tls as TlsConfig)
    } catch (error) {
      const [, line = '', ...more] = (error as Error).message.split('\n')
      t.same(more, [])
      t.notMatch(line, /BEGIN|nothing of the kind/)
      return line.trim()
    }
    return 'nothing'
  }
  const cases: [tls: object, line: RegExp][] = [
    [{ certPath: good.certPath }, /^gateway\.tls\.keyPath: missing/],
    [{ ...good, certPath: join(cwd, 'none') }, /^gateway\.tls\.certPath: the file \S+ cannot be read \(ENOENT\)$/],
    [{ ...good, keyPath: other.keyPath }, /^gateway\.tls\.keyPath: is not the key of the certificate$/],
    [{ ...good, keyPath: junk }, /^gateway\.tls\.keyPath: holds no private key \(PEM\)$/],
    [{ ...good, keyPath: shared }, /^gateway\.tls\.keyPath: the file \S+ is open to others \(mode 0644\)/],
    [{ ...good, certPath: junk }, /^gateway\.tls\.certPath: holds no certificate \(PEM\)$/],
    [{ ...good, certPath: chain }, /^gateway\.tls\.certPath: "CN=localhost" was not signed by "CN=localhost"/],
    [expired, /^gateway\.tls\.certPath: "CN=localhost" has expired \(\d{4}-/],
    [{ ...good, caPath: good.certPath }, /^gateway\.tls\.caPath: "CN=localhost" is no certificate of an authority$/],
    [{ ...good, requireClientCert: true }, /^gateway\.tls\.requireClientCert: nothing tells which/],
    [{ ...good, caPath, clients: [{ id: 'a', scopes: ['rpc'] }] }, /clients\.0: expected either `subject` or `san`$/]
  ]
  for (const [tls, line] of cases) t.match(lineOf(tls), line)
  t.equal(lineOf({ ...good, caPath }), 'nothing')

  const config = { gateway: { port: 0, tokens: TOKENS, tls: expired }, providers: {}, dataDir: join(cwd, 'data') }
  await writeFile(join(cwd, 'comis-gateway.yaml'), JSON.stringify(config))
  const started = startProcess(t, { cwd })
  t.equal(await started.exit, 1)
  t.match(
    started.output().stderr,
    /^Invalid configuration:\n {2}gateway\.tls\.certPath: "CN=localhost" has expired \(.*\)\n$/
  )
  t.equal(started.output().stdout, '')
})

t.test('certificates that are renewed are taken up, and no connection is dropped', async (t) => {
  const authority = await createAuthority(t)
  const { folder: cwd } = authority
  const files = await authority.issue('server', SERVER)
  const config = { gateway: { port: 0, tokens: TOKENS, tls: files }, providers: {}, dataDir: join(cwd, 'data') }
  await writeFile(join(cwd, 'comis-gateway.yaml'), JSON.stringify(config))
  const process = startProcess(t, { cwd })
  const url = await process.url()
  const client = await clientOf(authority)
  const { serial } = await ask(`${url}/health`, client)
  const log = () => process.output().stderr

  const stream = httpsRequest(`${url}/api/events`, { ...client, agent: false, headers: bearer() }).end()
  const [events] = await once(stream, 'response')
  let text = ''
  let ended = false
  events.on('data', (piece: Buffer) => (text += piece.toString())).on('close', () => (ended = true))

  await authority.issue('server', SERVER)
  await waitUntil(() => log().includes('loaded again'), log)
  const renewed = await ask(`${url}/health`, client)
  t.not(renewed.serial, serial)

  await writeFile(files.keyPath, 'no key any more')
  await waitUntil(() => log().includes('holds no private key'), log)
  t.notMatch(log(), 'no key any more')
  t.equal((await ask(`${url}/health`, client)).serial, renewed.serial, 'what does not fit is not served')

  const before = log().split('were not loaded').length
  process.child.kill('SIGHUP')
  await waitUntil(() => log().split('were not loaded').length > before, log)
  await ask(`${url}/api/agents`, client, bearer('wrong'.repeat(10)))
  await waitUntil(
    () => text.includes('security:warn'),
    () => text
  )
  t.equal(ended, false, 'the stream went on over all of it')
})
