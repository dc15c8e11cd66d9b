import { once } from 'node:events'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { openSocket } from '../support/media.ts'
import { waitUntil } from '../support/watch.ts'
import t from 'tap'
import { bearer, buildGateway, listenGateway } from '../support/gateway.ts'
import { call, deliver, deliveries, mapping, SECRET, sign, told, untilAll, withWebhooks } from '../support/webhooks.ts'

const hookHead = (...lines: string[]) => ['POST /hooks/m HTTP/1.1', 'host: localhost', ...lines, '', ''].join('\r\n')

t.test('without configuration there is no such address', async (t) => {
  const app = await buildGateway(t, { webhooks: { token: SECRET }, answerUnknownRoutes: true })
  t.equal((await deliver(app, 'webhook', '{}')).status, 404)
  const other = await buildGateway(t, withWebhooks({ token: undefined, mappings: [mapping({ secret: SECRET })] }))
  t.equal((await deliver(other, 'webhook', '{}')).status, 404, 'an event of nobody’s needs webhooks.token')
  t.equal((await deliver(other, 'm', '{}')).status, 200)
})

t.test('an event is told, once for its id', async (t) => {
  const app = await buildGateway(t, withWebhooks({}))
  const body = JSON.stringify({ event: 'door.opened', source: 'home', data: { door: 1 }, timestamp: 5 })
  const headers = { 'x-webhook-signature': `sha256=${sign(body)}`, 'x-webhook-id': 'one' }
  for (let n = 0; n < 2; n++)
    t.match(await deliver(app, 'webhook', body, headers), { status: 200, body: { received: true } })
  await untilAll(app, 'done')
  t.match(await told(app, 'message:received'), [
    { source: 'home', event: 'door.opened', text: '{"door":1}', clientId: 'webhook:webhook' }
  ])
  t.equal((await told(app, 'message:received')).length, 1)
  const wrong = await deliver(app, 'webhook', '{"event":"x","source":5,"data":1}')
  t.match(wrong, { status: 422, body: { error: 'Validation failed', issues: [{ path: 'source' }] } })
  t.match(await deliver(app, 'webhook', '{"event"'), { status: 400, body: { error: 'Invalid JSON body' } })
  t.match(await deliver(app, 'webhook', '{"event"', {}), { status: 401, body: { error: 'Missing webhook signature' } })
})

t.test('mappings are found by their path and source, in their order', async (t) => {
  const mappings = [
    mapping({ id: 'one', match: { path: '/Many/', source: 'a' } }),
    mapping({ id: 'two', match: { path: 'many' }, secret: 'another secret' }),
    mapping({ id: 'three', match: { path: 'many', source: 'c' } })
  ]
  const app = await buildGateway(t, withWebhooks({ mappings, path: '/in/hooks' }))
  const to = async (body: string, secret = SECRET) => {
    const headers = { 'x-webhook-signature': sign(body, secret) }
    const answer = await app.inject({ method: 'POST', url: '/in/hooks/MANY/', payload: body, headers })
    return [answer.statusCode, answer.json().mapping ?? answer.json().error]
  }
  t.same(await to('{"source":"a","n":1}'), [200, 'one'])
  t.same(await to('{"source":"c","n":1}'), [200, 'three'])
  t.same(await to('{"source":"a","n":1}', 'another secret'), [200, 'two'], 'each is signed with its own secret')
  t.same(await to('{"source":"b"}'), [404, 'No matching webhook mapping'])
  t.same(await to('{"source":"a"}', 'wrong'), [401, 'Invalid webhook signature'])
  t.equal((await app.inject({ method: 'GET', url: '/in/hooks/many' })).statusCode, 405)
})

t.test('addresses as senders write them', async (t) => {
  const mappings = [mapping({ match: { path: '/Deploys/' } })]
  const app = await buildGateway(t, withWebhooks({ mappings, path: '/In/hooks/' }))
  const body = '{"event":"e","source":"s","data":1}'
  const to = async (url: string) => {
    const answer = await app.inject({
      method: 'POST',
      url,
      payload: body,
      headers: { 'x-webhook-signature': sign(body) }
    })
    return [answer.statusCode, answer.json().mapping ?? answer.json().error ?? 'event']
  }
  for (const path of ['deploys', 'deploys/', 'Deploys', 'DEPLOYS/', 'de%70loys', 'deploys?x=1']) {
    t.same(await to(`/In/hooks/${path}`), [200, 'm'], path)
  }
  for (const path of ['webhook', 'webhook/', 'Webhook']) t.same(await to(`/In/hooks/${path}`), [200, 'event'], path)
  for (const path of ['other', 'deploys%2f..']) {
    t.same(await to(`/In/hooks/${path}`), [404, 'No matching webhook mapping'], path)
  }
  for (const url of [
    '//In/hooks/deploys',
    '/In//hooks/deploys',
    '/In/hooks/deploys//',
    '/in/hooks/deploys',
    '/In/hooks/deploys/x'
  ]) {
    t.equal((await app.inject({ method: 'POST', url, payload: body })).statusCode, 404, url)
  }
})

t.test('what cannot be is refused in the form of the surface', async (t) => {
  const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  const app = await buildGateway(t, withWebhooks({ mappings: [mapping()], maxBodyBytes: 2048 }))
  const signed = (body: string | Buffer, headers: Record<string, string> = {}) =>
    deliver(app, 'm', body, { 'x-webhook-signature': sign(body), ...headers })
  const notUtf8 = Buffer.from([0x22, 0xe2, 0x82, 0x22])
  t.match(await signed('x'.repeat(2049)), { status: 413, body: { error: /2048 bytes \(webhooks.maxBodyBytes\)/ } })
  t.match(await signed('x'.repeat(10_000_000)), { status: 413 })
  for (const encoding of ['gzip', 'br', 'deflate, gzip']) {
    t.match(await signed(gzipSync('{}'), { 'content-encoding': encoding }), {
      status: 415,
      body: { error: /without Content-Encoding/ }
    })
  }
  t.match(await signed(notUtf8), { status: 400, body: { error: 'Invalid JSON body' } })
  t.match(await deliver(app, 'm', notUtf8, { 'x-webhook-signature': '00' }), { status: 401 }, 'the signature is first')
  t.match(await signed(deep(101)), { status: 400, body: { error: /nested/ } })
  t.match(await signed(JSON.stringify({ n: deep(500) })), { status: 200 }, 'brackets in a text are none')
  t.match(await signed(deep(100)), { status: 200 })
  t.match(await signed(''), { status: 400 })
  t.match(await signed('{}', { 'x-webhook-id': 'x'.repeat(257) }), { status: 400, body: { error: /id is longer/ } })
  t.match(await signed('{}', { 'content-type': 'text/plain' }), { status: 200 }, 'senders say all kinds of things')
  t.match(await signed('{"__proto__":{"n":1},"constructor":{"n":2}}'), { status: 200 })
  t.match(await deliver(app, '..%2fm', '{}'), { status: 404, body: { error: 'No matching webhook mapping' } })
  t.equal((await untilAll(app, 'done')).length, 4)
  t.equal(({} as Record<string, unknown>).n, undefined)
})

t.test('a client that only writes sees why its body was refused, and can go on', async (t) => {
  const { url } = await listenGateway(t, withWebhooks({ mappings: [mapping()] }))
  const piece = Buffer.alloc(65_536, 0x20)
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), piece, Buffer.from('\r\n')])
  const bodies: [string, Buffer, string][] = [
    [`content-length: ${160 * piece.length}`, piece, ''],
    ['transfer-encoding: chunked', chunk, '0\r\n\r\n']
  ]
  for (const [line, part, end] of bodies) {
    const { socket, until } = await openSocket(t, url)
    socket.pause()
    socket.write(hookHead(line))
    for (let n = 0; n < 160; n++) await new Promise((resolve) => socket.write(part, resolve))
    socket.write(end)
    socket.resume()
    await until(/^HTTP\/1.1 413 [^]*262144 bytes \(webhooks.maxBodyBytes\)/)
    socket.write(hookHead('content-length: 2', `x-webhook-signature: ${sign('{}')}`) + '{}')
    await until(/HTTP\/1.1 200 /)
  }
})

t.test('a client that asks first is told before it sends', async (t) => {
  const { url } = await listenGateway(t, { ...withWebhooks({ mappings: [mapping()] }), isOwnServer: true })
  const large = await openSocket(t, url)
  large.socket.write(hookHead('content-length: 10000000', 'expect: 100-continue'))
  await large.until(/^HTTP\/1.1 413 /)
  const small = await openSocket(t, url)
  small.socket.write(hookHead('content-length: 2', 'expect: 100-continue', `x-webhook-signature: ${sign('{}')}`))
  await small.until(/^HTTP\/1.1 100 Continue\r\n\r\n$/)
  small.socket.write('{}')
  await small.until(/HTTP\/1.1 200 /)
})

t.test('two signature headers are refused, as they come over the wire', async (t) => {
  const { app, url } = await listenGateway(t, withWebhooks({ mappings: [mapping()] }))
  const { hostname, port } = new URL(url)
  const send = async (...signatures: string[]) => {
    const socket = connect(Number(port), hostname)
    t.teardown(() => socket.destroy())
    const lines = signatures.map((signature) => `X-Webhook-Signature: ${signature}`)
    socket.write(['POST /hooks/m HTTP/1.1', 'host: x', 'content-length: 2', ...lines, '', '{}'].join('\r\n'))
    const [data] = (await once(socket, 'data')) as [Buffer]
    return data.toString()
  }
  t.match(await send(sign('{}')), /^HTTP\/1.1 200/)
  t.match(await send(sign('{}'), sign('{}')), /^HTTP\/1.1 401[^]*more than one/)
  t.match(await send(sign('{}'), '00'), /^HTTP\/1.1 401/)
  t.equal((await untilAll(app, 'done')).length, 1)
  await waitUntil(async () => (await told(app, 'audit:event')).length > 0)
  t.match(await told(app, 'audit:event'), [
    {
      action: 'request',
      outcome: 'refused',
      reason: 'invalid_signature',
      message: 'Invalid webhook signature: more than one',
      clientId: 'webhook:m',
      count: 1
    }
  ])
})

t.test('neither a secret nor a signature is kept or shown', async (t) => {
  const messageTemplate = '{{n}} {{headers.x-kind}} {{query.k}} {{headers.x-webhook-signature}}'
  const app = await buildGateway(t, withWebhooks({ mappings: [mapping({ messageTemplate })] }))
  const body = '{"n":1}'
  const headers = { 'x-webhook-signature': sign(body), 'x-kind': 'push', 'x-other': 'no', cookie: 'c=1' }
  await deliver(app, 'm?k=v&token=t', body, headers)
  const [done] = await untilAll(app, 'done')
  const kept = await call(app, 'webhooks.get', { id: done?.id })
  t.match(kept, { payload: body, headers: { 'x-kind': 'push' }, query: { k: 'v' }, path: 'm', state: 'done' })
  t.same(Object.keys(kept.headers as object), ['x-kind'])
  t.match(await told(app, 'message:sent'), [{ text: '1 push v ', clientId: 'webhook:m' }])
  const shown = JSON.stringify([kept, await call(app, 'config.read'), await deliveries(app)])
  t.notMatch(shown, new RegExp(`${SECRET}|${sign(body)}`))
})

t.test('the rate limit holds here too', async (t) => {
  const app = await buildGateway(t, {
    ...withWebhooks({ mappings: [mapping()] }),
    gateway: { rateLimit: { maxRequests: 2 } }
  })
  const statuses: number[] = []
  for (let n = 0; n < 3; n++) statuses.push((await deliver(app, 'm', '{}', {})).status)
  t.same(statuses, [401, 401, 429])
})

t.test('it is in the document', async (t) => {
  const app = await buildGateway(t, withWebhooks({}))
  const { paths } = (await app.inject({ url: '/openapi.json', headers: bearer() })).json()
  t.match(
    Object.keys(paths).filter((path) => path.startsWith('/hooks')),
    ['/hooks/webhook', '/hooks/{path}']
  )
  t.same(paths['/hooks/webhook'].post.security, [])
})
