import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { listenGateway, SECRETS } from '../support/gateway.ts'

/** Sends bytes as no client of HTTP would, and reads the status. */
async function exchange(url: string, lines: string[]): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname).setEncoding('utf8')
  let text = ''
  socket.on('data', (piece: string) => (text += piece))
  socket.write([...lines, '', ''].join('\r\n'))
  await once(socket, 'close')
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), text }
}

t.test('requests as an attacker writes them', async (t) => {
  const { url } = await listenGateway(t, { isOwnServer: true, gateway: { metrics: 'public', docs: 'public' } })
  const { host, port } = new URL(url)
  const rest = [`authorization: Bearer ${SECRETS.all}`, 'connection: close']
  const status = async (...lines: string[]) => (await exchange(url, [...lines, ...rest])).status
  const get = (path: string, ...headers: string[]) => status(`GET ${path} HTTP/1.1`, ...headers)

  t.equal(await get('/api/agents', `Host: ${host}`), 200)
  await t.test('without a host, or with several', async (t) => {
    t.equal(await get('/api/agents'), 400, 'HTTP/1.1 needs one')
    t.equal(await status('GET /api/agents HTTP/1.0'), 421)
    t.equal(await status('GET /health HTTP/1.0'), 200, 'as old probes ask')
    for (const other of [host, 'evil.example']) {
      t.equal(await get('/api/agents', `Host: ${host}`, `hOsT: ${other}`), 400, other)
      t.equal(await get('/api/agents', `Host: ${other}`, `Host: ${host}`), 400, other)
    }
    t.equal(await get('/api/agents', 'Host:'), 421)
  })
  await t.test('a whole address as the target', async (t) => {
    t.equal(await get(`http://${host}/api/agents`, `Host: ${host}`), 200)
    t.equal(await get('http://evil.example/api/agents', `Host: ${host}`), 400)
    t.equal(await get(`http://${host}/api/agents`, 'Host: evil.example'), 400)
    t.equal(await get('http://evil.example/api/agents', 'Host: evil.example'), 421)
    t.equal(await get('http://evil.example', `Host: ${host}`), 400)
    t.equal(await get('evil.example:80/api/agents', `Host: ${host}`), 400)
  })
  await t.test('names that only look like those of the machine', async (t) => {
    for (const name of [`[::1]:${port}`, 'localhost.', `LOCALHOST:${port}`]) {
      t.equal(await get('/api/agents', `Host: ${name}`), 200, name)
    }
    for (const name of [
      'evil.example',
      '0.0.0.0',
      '[::ffff:7f00:1]',
      '[::1].evil.example',
      'localhost@evil.example',
      'evil.example#localhost',
      'localhost.evil.example',
      '127.0.0.1.evil.example'
    ]) {
      t.equal(await get('/api/agents', `Host: ${name}:${port}`), 421, name)
    }
  })
  await t.test('every door that gives something away, or does something', async (t) => {
    for (const path of ['/api/agents', '/api/events', '/v1/models', '/media', '/metrics', '/ws']) {
      t.equal(await get(path, 'Host: evil.example'), 421, path)
    }
    for (const origin of ['https://evil.example', 'null', `http://${host}.evil.example`, 'http://localhost:1', '']) {
      for (const path of ['/api/agents', '/v1/models', '/media', '/metrics', '/ws']) {
        t.equal(await get(path, `Host: ${host}`, `Origin: ${origin}`), 403, `${path} from ${origin}`)
      }
    }
    const site = 'Sec-Fetch-Site: cross-site'
    const posted = (path: string) =>
      status(`POST ${path} HTTP/1.1`, `Host: ${host}`, site, 'content-type: text/plain', 'content-length: 0')
    for (const path of ['/rpc', '/api/chat', '/api/tickets', '/v1/responses', '/media']) {
      t.equal(await posted(path), 403, path)
    }
    for (const path of ['/api/events', '/api/chat/stream?message=x', '/ws']) {
      t.equal(await get(path, `Host: ${host}`, site), 403, path)
    }
  })
  await t.test('what is left open holds nothing', async (t) => {
    for (const path of ['/app/', '/docs', '/openapi.json', '/health', '/health/ready']) {
      const { status, text } = await exchange(url, [`GET ${path} HTTP/1.1`, 'Host: evil.example', 'connection: close'])
      t.not(status, 500, path)
      t.notMatch(text, new RegExp(Object.values(SECRETS).join('|')))
    }
  })
})
