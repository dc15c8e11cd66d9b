import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import gateway from '../../../src/gateway.ts'
import { bearer, completeOptions, listenGateway, SECRETS, servicesOf } from '../../support/gateway.ts'
import { connect, type Message, post, type Socket } from '../../support/socket.ts'
import { type Watch, waitUntil, watch } from '../../support/watch.ts'
import { startUpstream } from '../../upstream/start.ts'

/** A gateway whose turns begin and never end by themselves, with an admin on a socket. */
async function openGateway(t: Test) {
  const upstream = await startUpstream()
  t.teardown(() => upstream[Symbol.asyncDispose]())
  const providers = { up: { type: 'openai-compatible' as const, baseURL: `${upstream.url}/v1` } }
  const agents = { default: { provider: 'up', model: 'stalled' } }
  const { app, url } = await listenGateway(t, { providers, agents })
  const admin = await connect(t, url, { secret: SECRETS.admin })
  const { turns } = await servicesOf(app)
  return { url, upstream, admin, turns }
}

const make = async (admin: Socket, method: string, params: object) => secretOf(await admin.call(method, params))

function secretOf(answer: Message | undefined): string {
  if (!answer?.result) throw new Error(answer?.error?.message)
  return (answer.result as { secret: string }).secret
}

/** Everything that can go on under a secret: two sockets, two streams of events, and turns on every surface. */
interface Open {
  sockets: Socket[]
  watches: Watch[]
  /** Settle when their connections end; to the time. */
  requests: Promise<number>[]
}

const TURNS = 6

async function openAll(t: Test, url: string, secret: string): Promise<Open> {
  const sockets = [await connect(t, url, { secret }), await connect(t, url, { secret, query: `?token=${secret}` })]
  sockets[0]?.send({ jsonrpc: '2.0', id: 's', method: 'agent.stream', params: { message: 'x' } })
  await sockets[1]?.call('events.subscribe', {})
  const watches = [await watch(t, url, { secret }), await watch(t, url, { secret: '', query: `?token=${secret}` })]
  const rpc = { jsonrpc: '2.0', id: 1, method: 'agent.execute', params: { message: 'x' } }
  const completion = { model: 'up/stalled', stream: true, messages: [{ role: 'user', content: 'x' }] }
  const requests = [
    until(fetch(`${url}/api/chat/stream?message=x&token=${secret}`)),
    until(send(`${url}/api/chat/stream`, secret, { message: 'x' })),
    until(send(`${url}/api/chat`, secret, { message: 'x' })),
    until(send(`${url}/v1/chat/completions`, secret, completion)),
    until(send(`${url}/rpc`, secret, rpc))
  ]
  return { sockets, watches, requests }
}

const send = (url: string, secret: string, body: object) =>
  fetch(url, {
    method: 'POST',
    headers: { ...bearer(secret), 'content-type': 'application/json' },
    body: JSON.stringify(body)
  })

/** Waits until a request has ended. @throws Error if it came to a good end: its turn never does */
async function until(request: Promise<Response>): Promise<number> {
  const ended = await request
    .then((response) => response.text())
    .then(
      () => undefined,
      () => Date.now()
    )
  if (ended === undefined) throw new Error('it was answered whole')
  return ended
}

/** Resolves when all of it has ended, in its way; to the time of the last. */
async function ended(t: Test, { sockets, watches, requests }: Open): Promise<number> {
  for (const { closed } of sockets) t.same(await closed, [4001, 'Unauthorized'])
  await Promise.all(watches.map((one) => one.ended))
  return Math.max(Date.now(), ...(await Promise.all(requests)))
}

async function unharmed(t: Test, { sockets, watches }: Open): Promise<void> {
  for (const { ws } of sockets) t.equal(ws.readyState, ws.OPEN)
  t.match(await sockets[0]?.call('system.ping'), { result: { pong: true } })
  const states = watches.map((one) => Promise.race([one.ended.then(() => 'ended'), sleep(50, 'open')]))
  t.same(await Promise.all(states), ['open', 'open'])
}

t.test('what goes on under a token ends when it expires', async (t) => {
  const { url, upstream, admin, turns } = await openGateway(t)
  const expiresAt = Date.now() + 3000
  const secret = await make(admin, 'tokens.create', { id: 'guest', scopes: ['rpc', 'api'], expiresAt })
  const other = await make(admin, 'tokens.create', { id: 'other', scopes: ['rpc', 'api'] })
  const [going, staying] = [await openAll(t, url, secret), await openAll(t, url, other)]
  await waitUntil(() => turns.running === 2 * TURNS)
  t.ok(Date.now() < expiresAt, 'everything was there before')
  const last = await ended(t, going)
  t.ok(last >= expiresAt && last - expiresAt < 1000, `${last - expiresAt} ms after it expired`)
  await waitUntil(() => turns.running === TURNS)
  await waitUntil(
    async () => (await upstream.requests()).filter((one) => one.ended === 'client_closed').length === TURNS
  )
  const listed = (await (await fetch(`${url}/api/turns`, { headers: bearer() })).json()) as {
    turns: { clientId: string }[]
  }
  t.match(
    listed.turns.map(({ clientId }) => clientId),
    Array.from({ length: TURNS }, () => 'other')
  )
  await unharmed(t, staying)
  for (const { ws } of staying.sockets) ws.terminate()
  await admin.call('tokens.revoke', { id: 'other' })
  await Promise.all(staying.requests)
})

t.test('and at once when it is revoked; what others have open stays', async (t) => {
  const { url, admin, turns } = await openGateway(t)
  const [going, staying] = [await openAll(t, url, SECRETS.all), await openAll(t, url, SECRETS.rpc)]
  await waitUntil(() => turns.running === 2 * TURNS)
  const before = Date.now()
  t.match(await admin.call('tokens.revoke', { id: 'all' }), { result: { revoked: 1 } })
  t.ok((await ended(t, going)) - before < 1000)
  await waitUntil(() => turns.running === TURNS)
  await unharmed(t, staying)
  await admin.call('tokens.revoke', { id: 'rpc' })
  await ended(t, staying)
  await waitUntil(() => turns.running === 0)
})

t.test('a rotation ends what goes on under the old secret alone, after its grace', async (t) => {
  const { url, admin, turns } = await openGateway(t)
  const old = await make(admin, 'tokens.create', { id: 'guest', scopes: ['rpc', 'api'] })
  const going = await openAll(t, url, old)
  const endsAt = Date.now() + 3000
  const secret = await make(admin, 'tokens.rotate', { id: 'guest', graceSeconds: 3 })
  const staying = await openAll(t, url, secret)
  await waitUntil(() => turns.running === 2 * TURNS)
  await unharmed(t, going)
  const last = await ended(t, going)
  t.ok(last >= endsAt && last - endsAt < 1000, `${last - endsAt} ms after its grace`)
  await waitUntil(() => turns.running === TURNS)
  await unharmed(t, staying)
  await admin.call('tokens.revoke', { id: 'guest' })
  await ended(t, staying)
})

t.test('a credential that ends while its request is on its way does not slip through', async (t) => {
  const entered = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  let waiting = 0
  const app = Fastify()
  t.teardown(() => app.close())
  app.addHook('preHandler', async (request) => {
    if (request.url.startsWith('/rpc')) return
    if (++waiting === 3) entered.resolve()
    await gate.promise
  })
  await app.register(gateway, await completeOptions(t, { agents: { default: { provider: 'builtin', model: 'echo' } } }))
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const socket = connect(t, url, { secret: SECRETS.rpc })
  const stream = watch(t, url, { secret: SECRETS.rpc }).then(
    (one) => one.ended,
    () => undefined // it may be cut off before its head has left
  )
  const chat = until(send(`${url}/api/chat`, SECRETS.rpc, { message: 'x' }))
  await entered.promise
  await post(url, '{"jsonrpc":"2.0","id":1,"method":"tokens.revoke","params":{"id":"rpc"}}')
  await sleep(20)
  gate.resolve()
  t.same(await (await socket).closed, [4001, 'Unauthorized'])
  await stream
  t.ok(await chat)
})

t.test('whoever ends its own secret gets its answer, and no other call is begun', async (t) => {
  const { url, admin } = await openGateway(t)
  await admin.call('tokens.create', { id: 'second', scopes: ['*'] })
  const batch = [
    { jsonrpc: '2.0', id: 1, method: 'tokens.rotate', params: { id: 'admin', graceSeconds: 0 } },
    { jsonrpc: '2.0', id: 2, method: 'tokens.revoke', params: { id: 'all' } }
  ]
  admin.send(batch)
  await admin.until(() => admin.messages.some(Array.isArray))
  const [rotated, refused] = admin.messages.find(Array.isArray) as Message[]
  t.match(refused?.error, { code: -32_000, message: 'Unauthorized', data: { code: 'unauthorized' } })
  t.same(await admin.closed, [4001, 'Unauthorized'])

  const secret = secretOf(rotated)
  const turn = { jsonrpc: '2.0', id: 0, method: 'memory.search', params: { query: 'x' } }
  const { json } = await post(url, JSON.stringify([turn, ...batch]), secret)
  const [searched, again] = json as Message[]
  t.match(searched, { result: { results: [] } }, 'one that follows whether its client leaves')
  const next = await connect(t, url, { secret: secretOf(again) })
  t.match(await next.call('tokens.revoke', { id: 'admin' }), { result: { revoked: 1 } })
  t.same(await next.closed, [4001, 'Unauthorized'])
})

t.test('an end further away than a timer reaches is waited for', async (t) => {
  const warnings: string[] = []
  const onWarning = (warning: Error) => void warnings.push(warning.name)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  const { url, admin } = await openGateway(t)
  const expiresAt = Date.now() + 2 ** 32
  const secret = await make(admin, 'tokens.create', { id: 'guest', scopes: ['rpc'], expiresAt })
  const socket = await connect(t, url, { secret })
  await sleep(50)
  t.match(await socket.call('system.ping'), { result: { pong: true } })
  t.same(warnings, [])
})
