import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { ClientError, type Gap, GatewayClient, type GatewayEvent } from '../../client/index.ts'
import { listenGateway, SECRETS, temporaryFolder } from '../support/gateway.ts'
import { startProcess } from '../support/process.ts'

/** A client that is closed with the test. */
function connect(t: Test, url: string, token = SECRETS.all): GatewayClient {
  const client = new GatewayClient({ url, token, backOff: { minMs: 20, maxMs: 100 } })
  t.teardown(() => client.close())
  return client
}

t.test('methods over the WebSocket and over HTTP, and REST operations', async (t) => {
  const { url } = await listenGateway(t, { prefix: '/ai' })
  const client = connect(t, `${url}/ai/`)
  t.match(await client.call('system.whoami'), { clientId: 'all', scopes: ['*'] })
  t.match(await client.rpc('system.ping'), { pong: true })
  t.match(await client.rest('listAgents'), { agents: [{ id: 'default' }] })
  t.match(
    await client.batch([
      { method: 'system.ping', params: {} },
      { method: 'agents.list', params: {} }
    ]),
    [{ pong: true }, { agents: [{ id: 'default' }] }]
  )
  await client.call('memory.store', { content: 'We close at six' })
  t.match(await client.rest('searchMemory', { query: { q: 'when do we close', limit: '1' } }), {
    results: [{ content: 'We close at six' }]
  })
  t.equal(client.status, 'open')
})

t.test('failures say what they are, for programs and for people', async (t) => {
  const { url } = await listenGateway(t)
  const client = connect(t, url)
  const failures: [() => Promise<unknown>, object][] = [
    [() => client.call('memory.store', { content: '' }), { reason: 'invalid', issues: [{ path: 'content' }] }],
    [() => client.call('session.status', { sessionKey: 'none' }), { reason: 'not_found', code: 'not_found' }],
    [() => client.callAny('no.method'), { reason: 'not_found', code: -32601 }],
    [() => client.rest('sessionStatus', { path: { key: 'a b/c' } }), { reason: 'not_found', status: 404 }],
    [() => connect(t, url, SECRETS.rpc).call('tokens.list'), { reason: 'forbidden' }],
    [() => connect(t, url, 'wrong').call('system.ping'), { reason: 'unauthorized' }],
    [() => connect(t, url, 'wrong').rest('listAgents'), { reason: 'unauthorized', status: 401 }],
    [() => connect(t, 'http://127.0.0.1:1').rest('listAgents'), { reason: 'connection' }]
  ]
  for (const [failing, expected] of failures) {
    const error = await failureOf(failing())
    t.ok(error instanceof ClientError)
    t.match(error, expected)
  }
})

t.test('an answer comes piece by piece, and whoever stops reading stops the turn', async (t) => {
  const { url } = await listenGateway(t, { agents: { default: { provider: 'builtin', model: 'echo' } } })
  const client = connect(t, url)
  const types = []
  for await (const event of client.chat({ message: 'one two three' })) types.push(event.type)
  t.same(types, ['started', 'text', 'text', 'text', 'done'])

  let text = ''
  for await (const delta of client.chatText({ message: 'one two three' })) text += delta
  t.equal(text, 'one two three')

  const long = 'word '.repeat(20_000)
  for await (const event of client.chat({ message: long, sessionKey: 'stopped' })) if (event.type === 'text') break
  await untilIdle(client)

  const stop = new AbortController()
  const reading = (async () => {
    for await (const event of client.chat({ message: long }, { signal: stop.signal })) {
      if (event.type === 'text') stop.abort(new Error('enough'))
    }
  })()
  await t.rejects(reading, { message: 'enough' })
  await untilIdle(client)
})

async function untilIdle(client: GatewayClient): Promise<void> {
  while ((await client.rest('listTurns')).turns.length > 0);
}

t.test('a call that is aborted is cancelled on the server', async (t) => {
  const { url } = await listenGateway(t, { agents: { default: { provider: 'builtin', model: 'echo' } } })
  const client = connect(t, url)
  const stop = new AbortController()
  const asked = client.callAny(
    'agent.stream',
    { message: 'word '.repeat(50_000) },
    { signal: stop.signal, onNotification: ({ method }) => method === 'agent.delta' && stop.abort(new Error('enough')) }
  )
  await t.rejects(asked, { message: 'enough' })
  await untilIdle(client)
  t.match(await failureOf(client.call('models.test', { model: 'builtin/echo' }, { timeoutMs: 0 })), {
    reason: 'timeout'
  })
})

t.test('events go on over a killed and restarted gateway: none is missed, none comes twice', async (t) => {
  const cwd = await temporaryFolder(t)
  const port = String(await freePort())
  const env = { COMIS_PORT: port, COMIS_DATA_DIR: cwd }
  const first = startProcess(t, { cwd, env })
  const url = await first.url()
  await until(() => /Token\s+\S+\n/.test(first.output().stdout)) // it comes after the address
  const token = /Token\s+(\S+)/.exec(first.output().stdout)?.[1] ?? ''
  const client = connect(t, url, token)
  const seen: (GatewayEvent | Gap)[] = []
  const stop = new AbortController()
  const reading = (async () => {
    for await (const event of client.events({ types: ['message:received', 'session:created'], signal: stop.signal })) {
      seen.push(event)
    }
  })()
  await client.call('system.ping')
  await say(client, 'one')
  await until(() => seen.length === 2)

  first.child.kill('SIGKILL')
  await first.exit
  await until(() => client.status !== 'open')
  const second = startProcess(t, { cwd, env })
  await second.url()
  const other = connect(t, url, token)
  await say(other, 'two')
  await until(() => seen.length === 4)
  stop.abort()
  await reading
  t.same(
    seen.map(({ type }) => type),
    ['session:created', 'message:received', 'session:created', 'message:received']
  )
  const ids = seen.map(({ id }) => Number(id))
  t.same(
    ids,
    [...new Set(ids)].toSorted((a, b) => a - b),
    'in their order, each once'
  )

  const early = client.events({ since: 999_999 })
  t.match((await early.next()).value, { type: 'gap', data: { reason: 'unknown' } }, 'what cannot be had is told')
  await early.return(undefined)
})

t.test('a token that ends, and a client that is closed, end the stream of events', async (t) => {
  const { url } = await listenGateway(t)
  const admin = connect(t, url)
  const { secret } = await admin.call('tokens.create', { id: 'short', scopes: ['rpc'] })
  const short = connect(t, url, secret)
  await short.call('system.ping')
  const ending = failureOf(short.events().next())
  await admin.call('tokens.revoke', { id: 'short' })
  t.match(await ending, { reason: 'unauthorized' })
  t.equal(short.status, 'unauthorized')

  const closing = failureOf(admin.events({ types: ['agent:*'] }).next())
  await admin.call('system.ping')
  admin.close()
  t.match(await closing, { reason: 'closed' })
  t.match(await failureOf(admin.call('system.ping')), { reason: 'closed' })
})

const failureOf = (failing: Promise<unknown>) => failing.catch((error: unknown) => error)

async function say(client: GatewayClient, sessionKey: string): Promise<void> {
  for await (const { type } of client.chat({ message: 'hello', sessionKey })) if (type === 'done') return
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('it did not come to be')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
