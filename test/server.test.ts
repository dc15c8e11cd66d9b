import { readFile, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { bearer, SECRETS, temporaryFolder, TOKENS } from './support/gateway.ts'
import { type GatewayProcess, startProcess } from './support/process.ts'
import { startUpstream, type Upstream } from './upstream/start.ts'

const post = (url: string, body: object, secret: string = SECRETS.all) =>
  fetch(url, {
    method: 'POST',
    headers: { ...bearer(secret), 'content-type': 'application/json' },
    body: JSON.stringify(body)
  })

interface Said {
  role: string
  content: string
}
async function history(url: string, key: string): Promise<Said[]> {
  const response = await fetch(`${url}/api/chat/history?channelId=${key}`, { headers: bearer() })
  return ((await response.json()) as { messages: Said[] }).messages
}

t.test('started with nothing: one address, one token, shown once', async (t) => {
  const folder = await temporaryFolder(t)
  const args = ['--port', '0', '--data-dir', join(folder, 'data')]
  const first = startProcess(t, { args, cwd: folder })
  const url = await first.url()
  t.match(url, /^http:\/\/127\.0\.0\.1:\d+$/)
  const secret = await first.token()
  t.match(first.output().stdout, `${url}/app/#token=${secret}`)
  t.match(first.output().stderr, `"msg":"listening at ${url}"`, 'and the address is logged')
  t.notMatch(first.output().stderr, secret, 'the secret is not')

  const answer = await post(`${url}/api/chat`, { message: 'hello' }, secret)
  t.match(((await answer.json()) as { response: string }).response, /I am not a language model.*OPENAI_API_KEY/s)
  t.notMatch(await readFile(join(folder, 'data/gateway.db'), 'latin1'), secret, 'only a digest is kept')

  first.child.kill('SIGTERM')
  t.equal(await first.exit, 0)
  const second = startProcess(t, { args, cwd: folder })
  t.equal((await post(`${await second.url()}/api/chat`, { message: 'hello' }, secret)).status, 200, 'it is still valid')
  t.notMatch(second.output().stdout, /Token|cgw_/)
})

t.test('help and version', async (t) => {
  const help = startProcess(t, { args: ['--help'] })
  t.equal(await help.exit, 0)
  for (const word of ['--config', '--host', '--port', '--data-dir', '--log-level', 'COMIS_PORT'])
    t.match(help.output().stdout, word)
  const version = startProcess(t, { args: ['--version'] })
  t.equal(await version.exit, 0)
  t.match(version.output().stdout, /^\d+\.\d+\.\d+\n$/)
})

t.test('what cannot start says why and leaves nothing half-started', async (t) => {
  const folder = await temporaryFolder(t)
  const config = join(folder, 'c.yaml')
  const fails = async (text: string, args: string[] = []) => {
    await writeFile(config, text)
    const started = startProcess(t, {
      args: ['--config', config, '--port', '0', '--data-dir', join(folder, 'data'), ...args]
    })
    t.equal(await started.exit, 1)
    t.equal(started.output().stdout, '')
    t.notMatch(started.output().stderr, /^ +at /m, 'no stack')
    return started.output().stderr
  }
  t.match(
    await fails('gateway: { prot: 1 }'),
    `Invalid configuration in ${config}:\n  gateway.prot: unknown key; did you mean "port"?\n`
  )
  t.match(await fails('gateway: { port: "${NOWHERE}" }'), 'the environment variable NOWHERE is not set')
  t.match(await fails('', ['--prot', '1']), '--prot: unknown flag; did you mean --port?')
  t.match(await fails('agents: { a: { tools: [hammer] } }'), 'agents.a.tools: there is no tool "hammer"')

  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const port = String((taken.address() as { port: number }).port)
  t.match(await fails('', ['--port', port]), /The port is in use/)
  const after = startProcess(t, { args: ['--port', '0', '--data-dir', join(folder, 'data')], cwd: folder })
  t.ok(await after.token(), 'the start that failed made no token that nobody has seen')
})

t.test('an address that is none is answered in the form of its surface', async (t) => {
  const { url } = await serve(t, 'words')
  const rest = await fetch(`${url}/api/%E0%A4%A`)
  t.same([rest.status, await rest.json()], [400, { error: 'The address is not valid' }])
  const openai = await fetch(`${url}/v1/models/%E0%A4%A`, { headers: bearer() })
  t.match([openai.status, await openai.json()], [400, { error: { type: 'invalid_request_error' } }])
  const long = await fetch(`${url}/api/turns/${'x'.repeat(600)}`, { method: 'DELETE', headers: bearer() })
  t.same([long.status, await long.json()], [414, { error: 'The address is too long' }])
})

t.test('too old a Node is told in one line', async (t) => {
  const old =
    'Object.defineProperty(process.versions,"node",{value:"20.20.2"});Object.defineProperty(process,"version",{value:"v20.20.2"})'
  const started = startProcess(t, { execArgs: ['--import', `data:text/javascript,${encodeURIComponent(old)}`] })
  t.equal(await started.exit, 1)
  t.equal(started.output().stderr, 'comis-gateway needs Node 24 or later, this is v20.20.2\n')
})

interface Served {
  gateway: GatewayProcess
  url: string
  upstream: Upstream
  restart(): Promise<{ gateway: GatewayProcess; url: string }>
}

async function serve(t: Test, model: string, gateway: object = {}): Promise<Served> {
  const folder = await temporaryFolder(t)
  const upstream = await startUpstream()
  t.teardown(() => upstream.stop())
  const config = {
    gateway: { tokens: TOKENS, port: 0, ...gateway },
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: { default: { provider: 'up', model }, quick: { provider: 'builtin', model: 'echo' } },
    dataDir: join(folder, 'data')
  }
  await writeFile(join(folder, 'comis-gateway.yaml'), JSON.stringify(config))
  const restart = async () => {
    const process = startProcess(t, { cwd: folder })
    return { gateway: process, url: await process.url() }
  }
  return { ...(await restart()), upstream, restart }
}

t.test('SIGKILL in the middle of a turn loses nothing that was acknowledged', async (t) => {
  const { gateway, url, restart } = await serve(t, 'slow')
  for (const message of ['one', 'two']) await post(`${url}/api/chat`, { message, sessionKey: 's', agentId: 'quick' })
  const broken = await post(`${url}/api/chat/stream`, { message: 'three', sessionKey: 's' })
  await broken.body?.getReader().read()
  gateway.child.kill('SIGKILL')
  t.equal(await gateway.exit, 'SIGKILL')

  const again = await restart()
  const said = (await history(again.url, 's')).map(({ role, content }) => `${role}: ${content}`)
  t.same(said, ['user: one', 'assistant: one', 'user: two', 'assistant: two', 'user: three'])
  t.match(again.gateway.output().stderr, /"count":1.*left unfinished/)
  const activity = await fetch(`${again.url}/api/activity`, { headers: bearer() })
  const { entries } = (await activity.json()) as { entries: { event: string; payload: object }[] }
  t.match(
    entries.filter(({ event }) => event === 'system:error').map(({ payload }) => payload),
    [{ turnId: broken.headers.get('x-turn-id'), sessionKey: 's', message: /before this turn ended/ }],
    'and whoever follows the turn is told of its end'
  )
  t.equal((await post(`${again.url}/api/chat`, { message: 'four', sessionKey: 's', agentId: 'quick' })).status, 200)
  t.equal((await history(again.url, 's')).length, 7, 'and the session goes on')
})

t.test('SIGTERM lets a turn end within the grace time', async (t) => {
  const { gateway, url } = await serve(t, 'words-100')
  const slow = await serve(t, 'slow-30', { shutdownGraceMs: 20_000 })
  t.equal((await post(`${url}/api/chat`, { message: 'x' })).status, 200)
  gateway.child.kill('SIGTERM')
  t.equal(await gateway.exit, 0, 'with nothing to do it ends at once')

  const answer = post(`${slow.url}/api/chat`, { message: 'x' })
  await slow.upstream.waitFor(() => true)
  slow.gateway.child.kill('SIGTERM')
  await sleep(100)
  await t.rejects(fetch(`${slow.url}/health`), 'nothing new is accepted')
  const body = (await (await answer).json()) as { finishReason: string; response: string }
  t.equal(body.finishReason, 'stop')
  t.match(body.response, /token29/)
  t.equal(await slow.gateway.exit, 0)
})

t.test('SIGTERM aborts what runs on after the grace time, and keeps what was said', async (t) => {
  const { gateway, url, upstream, restart } = await serve(t, 'slow', { shutdownGraceMs: 300 })
  const answer = post(`${url}/api/chat`, { message: 'x', sessionKey: 's' })
  await upstream.waitFor(() => true)
  gateway.child.kill('SIGTERM')
  const body = (await (await answer).json()) as { finishReason: string; response: string }
  t.equal(body.finishReason, 'aborted')
  t.equal(await gateway.exit, 0)
  t.equal((await upstream.waitFor(({ ended }) => ended !== undefined)).ended, 'client_closed')
  const said = await history((await restart()).url, 's')
  t.match(said, [{ role: 'user' }, { role: 'assistant', content: body.response }])
})

t.test('a second signal exits at once', async (t) => {
  const { gateway, url, upstream } = await serve(t, 'slow', { shutdownGraceMs: 60_000 })
  const answer = post(`${url}/api/chat`, { message: 'x' }).then(
    () => 'answered',
    () => 'cut off'
  )
  await upstream.waitFor(() => true)
  gateway.child.kill('SIGTERM')
  await sleep(200)
  const at = Date.now()
  gateway.child.kill('SIGTERM')
  t.equal(await gateway.exit, 1)
  t.ok(Date.now() - at < 2000)
  t.equal(await answer, 'cut off')
})

t.test('a connection that never asked for anything does not hold up the end', async (t) => {
  const { gateway, url } = await serve(t, 'words')
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')
  await sleep(50)
  const at = Date.now()
  gateway.child.kill('SIGTERM')
  t.equal(await gateway.exit, 0)
  t.ok(Date.now() - at < 2000)
})

t.test('no secret and no query reaches the log, even at its loudest', async (t) => {
  const folder = await temporaryFolder(t)
  const upstream = await startUpstream()
  t.teardown(() => upstream.stop())
  const apiKey = 'sk-of-the-upstream-0123456789-abcdef'
  const config = {
    gateway: { tokens: TOKENS, port: 0 },
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1`, apiKey } },
    agents: { default: { provider: 'up', model: 'status-401' } }
  }
  await writeFile(join(folder, 'comis-gateway.yaml'), JSON.stringify(config))
  const gateway = startProcess(t, { cwd: folder, args: ['--data-dir', join(folder, 'data'), '--log-level', 'trace'] })
  const url = await gateway.url()
  const guess = 'a-guess-that-is-wrong-0123456789-0123456789'
  await fetch(`${url}/api/chat/stream?message=private-words&token=${SECRETS.rpc}`)
  await fetch(`${url}/api/chat/stream?message=private-words&token=${guess}`)
  await fetch(`${url}/api/nothing?%74oken=${SECRETS.rpc}`)
  await fetch(`${url}/nothing?token=${SECRETS.rpc}`)
  await fetch(`${url}/api/agents`, { headers: bearer(guess) })
  await post(`${url}/api/chat`, { message: 'private-words' })
  await post(`${url}/v1/chat/completions`, {
    model: 'up/status-500',
    messages: [{ role: 'user', content: 'private-words' }]
  })
  gateway.child.kill('SIGTERM')
  await gateway.exit
  const { stderr, stdout } = gateway.output()
  t.match(stderr, /"path":"\/api\/chat\/stream".*"client":"rpc"/, 'requests are logged with their client')
  t.match(stderr, /"reqId":"[\w-]+"/)
  for (const secret of [...Object.values(SECRETS), guess, apiKey, apiKey.slice(0, 8), 'private-words']) {
    t.notMatch(stderr + stdout, secret, secret)
  }
})
