import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { bearer, SECRETS, temporaryFolder, TOKENS } from './support/gateway.ts'
import { startProcess } from './support/process.ts'
import { connect } from './support/socket.ts'
import { startUpstream } from './upstream/start.ts'

const GUESS = 'a-guess-that-is-wrong-0123456789-0123456789'
const API_KEY = 'sk-of-the-upstream-0123456789-abcdef'
const FROM_FILE = 'from-a-file-0123456789-0123456789-01234567890'

t.test('no secret that is used reaches a log or an answer, on any surface', async (t) => {
  const cwd = await temporaryFolder(t)
  const upstream = await startUpstream()
  t.teardown(() => upstream.stop())
  const file = join(cwd, 'secret')
  await writeFile(file, FROM_FILE, { mode: 0o600 })
  const config = {
    gateway: { tokens: [...TOKENS, { id: 'file', secret: { file }, scopes: ['rpc'] }], port: 0, docs: 'token' },
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1`, apiKey: API_KEY, maxRetries: 0 } },
    agents: { default: { provider: 'builtin', model: 'echo' }, broken: { provider: 'up', model: 'status-401' } },
    dataDir: join(cwd, 'data')
  }
  await writeFile(join(cwd, 'comis-gateway.yaml'), JSON.stringify(config))
  const gateway = startProcess(t, { cwd, args: ['--log-level', 'trace'] })
  const url = await gateway.url()
  const used = new Set([...Object.values(SECRETS), GUESS, API_KEY, FROM_FILE])
  let answers = ''

  async function ask(path: string, options: RequestInit = {}): Promise<string> {
    const response = await fetch(url + path, { ...options, signal: AbortSignal.timeout(10_000) })
    const head = JSON.stringify([...response.headers])
    const text = await response.text()
    answers += head + text
    return text
  }
  const post = (path: string, body: unknown, secret: string = SECRETS.all) =>
    ask(path, {
      method: 'POST',
      headers: { ...bearer(secret), 'content-type': 'application/json' },
      body: JSON.stringify(body)
    })
  async function ticket(): Promise<string> {
    const headers = bearer(SECRETS.rpc)
    const answer = await fetch(`${url}/api/tickets`, { method: 'POST', headers })
    const { ticket } = (await answer.json()) as { ticket: string }
    used.add(ticket)
    return ticket
  }
  const call = (method: string, params: object) => post('/rpc', { jsonrpc: '2.0', id: 1, method, params })

  const credentials = [`token=${SECRETS.rpc}`, `token=${SECRETS.mcp}`, `token=${GUESS}`, `ticket=${GUESS}`]
  for (const query of [...credentials, `%74oken=${SECRETS.rpc}`, `ticket=${await ticket()}`]) {
    const paths = [
      '/api/chat/stream?message=x&',
      '/api/agents?',
      '/nothing?',
      '/v1/models?',
      '/docs?',
      '/%E0%A4%A?',
      '/?'
    ]
    for (const path of paths) await ask(path + query)
    const socket = await connect(t, url, { query: `?${query}` }).catch(() => undefined)
    await socket?.call('rpc.discover').catch(() => {})
    socket?.ws.terminate()
  }
  for (const secret of [...Object.values(SECRETS), GUESS, FROM_FILE]) {
    for (const path of ['/api/agents', '/v1/models', '/openapi.json']) await ask(path, { headers: bearer(secret) })
    await post('/v1/chat/completions', { model: 'up/status-500', messages: [{ role: 'user', content: 'x' }] }, secret)
    await post('/v1/responses', { model: 'broken', input: 'x' }, secret)
    await post('/rpc', { jsonrpc: '2.0', id: 1, method: 'rpc.discover' }, secret)
  }
  const made = JSON.parse(await call('tokens.create', { id: 'made', scopes: ['rpc'] })) as {
    result: { secret: string }
  }
  const { secret } = made.result
  answers = answers.replace(secret, '') // it is shown once
  used.add(secret)
  await ask('/api/agents', { headers: bearer(secret) })
  await post('/api/chat', { message: 'x', agentId: 'broken' }, secret)
  for (const method of ['config.read', 'tokens.list', 'models.list_providers', 'obs.diagnostics', 'gateway.status']) {
    await call(method, {})
  }
  await call('config.patch', { patch: { gateway: { tokens: [{ id: 'x', secret: GUESS }] } } })
  await post('/rpc', `not JSON ${GUESS}`, 'x')
  await ask('/api/activity?limit=100', { headers: bearer() })

  gateway.child.kill('SIGTERM')
  await gateway.exit
  const { stderr, stdout } = gateway.output()
  const entries = await readdir(config.dataDir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const data = await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1')))
  t.ok(answers.length > 10_000 && stderr.length > 10_000 && data.join('').length > 10_000)
  for (const secret of used) {
    t.notMatch(stderr + stdout, secret, `the log does not hold ${secret.slice(0, 12)}`)
    t.notMatch(answers, secret, `nor an answer`)
    t.notMatch(data.join(''), secret, `nor the disk`)
  }
})
