import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { GatewayOptions } from '../../../src/gateway.ts'
import { listenGateway, SECRETS, servicesOf } from '../../support/gateway.ts'
import { connect, type Message, type Socket } from '../../support/socket.ts'
import { waitUntil } from '../../support/watch.ts'
import { startUpstream } from '../../upstream/start.ts'

const echo: GatewayOptions = { agents: { default: { provider: 'builtin', model: 'echo' } } }
const stream = (id: unknown, params: object) => ({ jsonrpc: '2.0', id, method: 'agent.stream', params })

/** A gateway over an upstream that plays the scenarios its models are named after. */
async function overUpstream(t: Test, model: string, gateway: GatewayOptions['gateway'] = {}) {
  const upstream = await startUpstream()
  t.teardown(() => upstream[Symbol.asyncDispose]())
  const providers = { up: { type: 'openai-compatible' as const, baseURL: `${upstream.url}/v1` } }
  return listenGateway(t, { providers, agents: { default: { provider: 'up', model } }, gateway })
}

const answerOf = (socket: Socket, id: unknown) =>
  socket.messages.flat().find((message) => message.id === id && !message.method)
async function resultOf(socket: Socket, id: unknown): Promise<Message> {
  await socket.until(() => answerOf(socket, id) !== undefined)
  return answerOf(socket, id) as Message
}

t.test('deltas come as they are said, tied to their call, and then the result', async (t) => {
  const { url } = await overUpstream(t, 'slow-30')
  const socket = await connect(t, url)
  socket.send(stream('a', { message: 'x' }))
  socket.send(stream(2, { message: 'y' }))
  const [first, second] = [await resultOf(socket, 'a'), await resultOf(socket, 2)]
  for (const [id, { result }] of [
    ['a', first],
    [2, second]
  ] as const) {
    const { response, turnId } = result as { response: string; turnId: string }
    const deltas = socket.of('agent.delta').filter((params) => params.id === id)
    t.ok(deltas.length > 5, 'in many pieces')
    t.equal(deltas.map(({ delta }) => delta).join(''), response)
    t.ok(deltas.every((params) => params.turnId === turnId))
    t.match(
      socket.of('agent.started').find((params) => params.id === id),
      { turnId, provider: 'up', model: 'slow-30' }
    )
  }
  const methods = socket.messages.flat().map(({ method }) => method)
  t.equal(methods[0], 'agent.started')
  t.equal(methods.at(-1), undefined, 'the result is last')
})

t.test('reasoning and tools are told as well', async (t) => {
  const { url } = await overUpstream(t, 'reasoning')
  const socket = await connect(t, url)
  await socket.call('agent.stream', { message: 'x' })
  t.ok(socket.of('agent.reasoning').length > 0)
})

t.test('a failure of the provider is an error of the call', async (t) => {
  const { url } = await overUpstream(t, 'error-mid')
  const socket = await connect(t, url)
  const { error } = await socket.call('agent.stream', { message: 'x' })
  t.match(error, { code: -32_000, data: { code: 'provider_failed' } })
  t.ok(socket.of('agent.delta').length > 0)
})

t.test('rpc.cancel ends a call, which is answered with what there is', async (t) => {
  const { url, app } = await overUpstream(t, 'stalled')
  const socket = await connect(t, url)
  socket.send(stream('s', { message: 'x' }))
  await socket.until(() => socket.of('agent.delta').length === 2)
  t.match(await socket.call('rpc.cancel', { id: 'other' }), { result: { cancelled: false } })
  t.match(await socket.call('rpc.cancel', { id: 's' }), { result: { cancelled: true } })
  t.match(await resultOf(socket, 's'), { result: { finishReason: 'aborted', response: /\S/ } })
  t.match(await socket.call('rpc.cancel', { id: 's' }), { result: { cancelled: false } }, 'it is over')
  t.equal((await servicesOf(app)).turns.running, 0)
})

t.test('turn.cancel ends one’s own turn from elsewhere', async (t) => {
  const { url } = await overUpstream(t, 'stalled')
  const [socket, same, stranger] = [
    await connect(t, url, { secret: SECRETS.rpc }),
    await connect(t, url, { secret: SECRETS.rpc }),
    await connect(t, url, { secret: SECRETS.all })
  ]
  socket.send(stream(1, { message: 'x', sessionKey: 'k' }))
  await socket.until(() => socket.of('agent.delta').length === 2)
  const listed = await same.call('turn.list')
  t.match(listed.result, { turns: [{ clientId: 'rpc', agentId: 'default', sessionKey: 'k' }] })
  t.match(await stranger.call('turn.list'), { result: { turns: [{ sessionKey: 'k' }] } }, 'an admin sees all')
  const { turnId } = socket.of('agent.started')[0] ?? {}
  t.match(await same.call('turn.cancel', { turnId }), { result: { cancelled: true } })
  t.match(await resultOf(socket, 1), { result: { finishReason: 'aborted' } })
  t.match(await same.call('turn.cancel', { turnId }), { error: { code: -32_000, data: { code: 'not_found' } } })
})

t.test('an id of a call that still runs is no id for another', async (t) => {
  const { url } = await overUpstream(t, 'stalled')
  const socket = await connect(t, url)
  socket.send(stream(7, { message: 'x' }))
  await socket.until(() => socket.of('agent.delta').length === 2)
  socket.send({ jsonrpc: '2.0', id: 7, method: 'system.ping' })
  socket.send({ jsonrpc: '2.0', id: '7', method: 'system.ping' })
  t.match(await resultOf(socket, '7'), { result: { pong: true } })
  t.match(await resultOf(socket, null), { error: { code: -32_600 }, id: null })
  await socket.call('rpc.cancel', { id: 7 })
  t.match(await resultOf(socket, 7), { result: { finishReason: 'aborted' } })
})

t.test('a client that goes takes its turns with it', async (t) => {
  const { url, app } = await overUpstream(t, 'stalled')
  const { turns } = await servicesOf(app)
  const warnings: string[] = []
  const onWarning = (warning: Error) => void warnings.push(warning.message)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  const socket = await connect(t, url)
  for (let n = 0; n < 20; n++) socket.send(stream(n, { message: 'x' }))
  await socket.until(() => socket.of('agent.delta').length === 40)
  t.equal(turns.running, 20)
  socket.ws.terminate()
  await waitUntil(() => turns.running === 0)
  t.same(warnings, [])
})

t.test('calls that run at the same time are bounded', async (t) => {
  const { url } = await overUpstream(t, 'stalled', { wsMessageRateLimit: { maxMessages: 1000 } })
  const socket = await connect(t, url)
  for (let n = 0; n < 257; n++) socket.send(stream(n, { message: 'x' }))
  t.match(await resultOf(socket, 256), { error: { code: -32_000, data: { code: 'busy' } } })
  t.match(await socket.call('rpc.cancel', { id: 0 }), { result: { cancelled: true } })
  await resultOf(socket, 0)
  t.match(await socket.call('system.ping'), { result: { pong: true } })
})

t.test('a turn whose client does not read waits, and the socket is closed at last', async (t) => {
  const { url, app } = await overUpstream(t, 'words-300000', { stallMs: 500 })
  const { turns } = await servicesOf(app)
  const socket = await connect(t, url)
  socket.send(stream(1, { message: 'x' }))
  await socket.until(() => socket.of('agent.delta').length > 0)
  socket.ws.pause()
  await waitUntil(() => turns.running === 0)
  socket.ws.resume()
  t.match((await socket.closed)[0], /^(1013|1006)$/)
  t.ok(socket.of('agent.delta').length < 300_000, 'not all was said')
})

t.test('a client that reads slowly gets it all', async (t) => {
  const { url } = await overUpstream(t, 'words-30000', { stallMs: 1000 })
  const socket = await connect(t, url)
  socket.send(stream(1, { message: 'x' }))
  for (let n = 0; n < 10 && !answerOf(socket, 1); n++) {
    socket.ws.pause()
    await sleep(100)
    socket.ws.resume()
    await sleep(20)
  }
  const { result } = await resultOf(socket, 1)
  t.equal(
    socket
      .of('agent.delta')
      .map(({ delta }) => delta)
      .join(''),
    (result as { response: string }).response
  )
})

t.test('a host pushes to one client, or to all, and closes those of a client', async (t) => {
  let rpc: Parameters<NonNullable<GatewayOptions['extend']>>[0]['rpc'] | undefined
  const { url } = await listenGateway(t, { ...echo, extend: (scope) => void (rpc = scope.rpc) })
  const [one, other] = [await connect(t, url, { secret: SECRETS.rpc }), await connect(t, url)]
  await waitUntil(() => rpc?.connections === 2)
  t.equal(rpc?.notify('news', { n: 1 }, 'rpc'), 1)
  t.equal(rpc?.notify('news', { n: 2 }), 2)
  t.equal(rpc?.notify('news', { n: 3 }, 'nobody'), 0)
  await one.until(2)
  await other.until(1)
  t.same([one.of('news'), other.of('news')], [[{ n: 1 }, { n: 2 }], [{ n: 2 }]])
  t.equal(rpc?.disconnect('rpc'), 1)
  t.same(await one.closed, [4001, 'Unauthorized'])
  t.equal(other.ws.readyState, other.ws.OPEN)
})
