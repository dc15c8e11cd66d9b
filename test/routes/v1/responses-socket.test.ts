import { once } from 'node:events'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { bearer, listenGateway, SECRETS } from '../../support/gateway.ts'
import { faultsOf, faultsOfEvent } from '../../support/openresponses.ts'
import { caller, socketUrl } from '../../support/socket.ts'
import { waitUntil } from '../../support/watch.ts'
import { startUpstream, type Upstream } from '../../upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

interface Event {
  type: string
  status?: number
  error?: { code: string; message: string; param?: string }
  response?: { id: string; output: { type: string; call_id?: string }[] }
  delta?: string
  sequence_number?: number
}

const LAST = new Set(['response.completed', 'response.incomplete', 'error'])

async function open(t: Test, secret = SECRETS.api) {
  const { app, url } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1`, timeoutMs: 2000 } },
    agents: { default: { provider: 'up', model: 'words' } }
  })
  await upstream.reset()
  const ws = new WebSocket(socketUrl(url, '/v1/responses'), { headers: bearer(secret) })
  t.teardown(() => ws.terminate())
  const events: Event[] = []
  ws.on('message', (data: Buffer) => events.push(JSON.parse(data.toString()) as Event))
  const closed = once(ws, 'close') as Promise<[number, Buffer]>
  await once(ws, 'open')
  const send = (message: object | string | Buffer) =>
    ws.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message))
  const create = (body: object) => send({ type: 'response.create', model: 'up/words', ...body })
  const ends = () => events.filter(({ type }) => LAST.has(type))
  const until = (count: number) =>
    waitUntil(
      () => ends().length >= count,
      () => JSON.stringify(events).slice(0, 2000)
    )
  return { app, url, ws, events, closed, send, create, ends, until }
}

t.test('several responses on one socket, one after the other', async (t) => {
  const { events, create, until } = await open(t)
  create({ input: 'one two' })
  create({ input: 'three' })
  await until(2)
  for (const event of events) t.same(faultsOfEvent(event), [], event.type)
  const types = events.map(({ type }) => type)
  t.same(types.lastIndexOf('response.created'), types.indexOf('response.completed') + 1, 'not side by side')
  t.same(
    events.flatMap(({ delta }) => delta ?? []),
    ['one ', 'two', 'three']
  )
})

t.test('what is not stored is gone on from here, once, and nowhere else', async (t) => {
  const { events, create, ends, until } = await open(t)
  create({ input: 'one', store: false })
  await until(1)
  const first = ends()[0]?.response?.id
  create({ input: 'two', previous_response_id: first, store: false })
  await until(2)
  const body = (await upstream.requests()).at(-1)?.body as { messages?: object[] }
  t.match(body.messages, [{ content: 'one' }, { role: 'assistant', content: 'one' }, { content: 'two' }])
  create({ input: 'three', previous_response_id: first })
  await until(3)
  t.match(events.at(-1), { type: 'error', status: 400, error: { code: 'previous_response_not_found' } })
  t.same(faultsOf('WebSocketErrorEvent', events.at(-1)), [])
  create({ input: 'four', previous_response_id: ends()[1]?.response?.id })
  await until(4)
  t.match(events.at(-1), { error: { code: 'previous_response_not_found' } }, 'a failure leaves nothing to go on from')
})

t.test('calls of tools go on over the socket', async (t) => {
  const { create, ends, until } = await open(t)
  const tools = [{ type: 'function', name: 'look_up', parameters: { type: 'object' } }]
  const ask = { model: 'up/tool', tools, store: false }
  create({ ...ask, input: 'Berlin' })
  await until(1)
  const response = ends()[0]?.response
  const call_id = response?.output[0]?.call_id
  create({
    ...ask,
    previous_response_id: response?.id,
    input: [{ type: 'function_call_output', call_id, output: 'Rain' }]
  })
  await until(2)
  t.match(ends()[1]?.response, { output: [{ content: [{ text: 'tool said: Rain' }] }] })
})

t.test('what cannot be meant is told, and the socket goes on', async (t) => {
  const { events, send, create, ends, until } = await open(t)
  const cases: [object | string | Buffer, object][] = [
    ['{', { error: { message: /Invalid JSON/ } }],
    ['[]', { error: { message: /Invalid JSON/ } }],
    [Buffer.from('x'), { error: { message: /text message/ } }],
    [{ type: 'session.update' }, { error: { param: 'type' } }],
    [{ type: 'response.create' }, { error: { param: 'model' } }],
    [{ type: 'response.create', model: 'up/words', input: 5 }, { error: { param: 'input' } }],
    [{ type: 'response.create', model: 'up/words', stream: true }, { error: { param: 'stream' } }],
    [{ type: 'response.create', model: 'up/words', background: true }, { error: { param: 'background' } }],
    [
      { type: 'response.create', model: 'nobody', input: 'x' },
      { status: 404, error: { code: 'model_not_found' } }
    ],
    [
      { type: 'response.create', model: 'up/error-mid', input: 'x' },
      { status: 502, error: { code: 'provider_failed' } }
    ]
  ]
  for (const [index, [message, expected]] of cases.entries()) {
    send(message)
    await until(index + 1)
    t.match(ends().at(-1), { type: 'error', status: 400, ...expected }, JSON.stringify(message))
    t.same(faultsOf('WebSocketErrorEvent', ends().at(-1)), [])
  }
  create({ input: 'still here' })
  await until(cases.length + 1)
  t.equal(events.at(-1)?.type, 'response.completed')
})

t.test('a bad token is refused before the upgrade, and a client that leaves stops its turn', async (t) => {
  const { url, ws, create, events } = await open(t)
  for (const [secret, status] of [
    ['x'.repeat(40), 401],
    [SECRETS.mcp, 403]
  ] as const) {
    const refused = new WebSocket(socketUrl(url, '/v1/responses'), { headers: bearer(secret) })
    const [error] = (await once(refused, 'error')) as [Error]
    t.match(error.message, String(status))
  }
  t.equal((await fetch(`${url}/v1/responses`, { headers: bearer() })).status, 426)
  create({ model: 'up/slow', input: 'x' })
  await waitUntil(
    () => events.length > 5,
    () => 'no events'
  )
  ws.terminate()
  const turns = async () => (await caller(url)('turn.list')).result.turns.length
  let running = 1
  for (let n = 0; n < 100 && running > 0; n++) running = await turns()
  t.equal(running, 0)
})

t.test('a failure in the middle is told in its place, and then the end', async (t) => {
  const { events, create, until } = await open(t)
  create({ model: 'up/error-mid', input: 'x' })
  create({ input: 'one' })
  await until(2)
  const end = events.findIndex(({ type }) => type === 'response.failed')
  t.match(events.slice(end - 1, end + 2), [
    { type: 'error', status: 502, error: { code: 'provider_failed' }, sequence_number: end - 1 },
    { type: 'response.failed', sequence_number: end },
    { type: 'response.created', sequence_number: 0 }
  ])
})

t.test('a gateway that closes answers what runs, and a token that ends closes its sockets', async (t) => {
  const { app, create, closed, events, until } = await open(t)
  create({ input: 'one two' })
  await until(1)
  await app.close()
  const [code, reason] = await closed
  t.same([code, reason.toString()], [1001, 'Server shutting down'])
  t.equal(events.at(-1)?.type, 'response.completed')

  const second = await open(t)
  await caller(second.url)('tokens.revoke', { id: 'api' })
  const [revoked] = await second.closed
  t.equal(revoked, 4001)
})
