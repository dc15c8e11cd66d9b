import Fastify from 'fastify'
import t from 'tap'
import gateway from '../../src/gateway.ts'
import { bearer, completeOptions, SECRETS, servicesOf } from '../support/gateway.ts'
import { clientOf, filesIn, open, openSocket, PNG, untilFiles, uploadHead } from '../support/media.ts'

const BOUNDARY = 'multipart/form-data; boundary=b'
const part = (name: string, body: string) =>
  `--b\r\ncontent-disposition: form-data; name="${name}"; filename="${name}"\r\n\r\n${body}\r\n`

t.test('a form holds one file, whole, and some fields', async (t) => {
  const { upload, root } = await open(t)
  const field = '--b\r\ncontent-disposition: form-data; name="a"\r\n\r\nb\r\n'
  const cases: [string, string, number, RegExp][] = [
    [`${field}${part('file', 'text')}${field}--b--\r\n`, BOUNDARY, 201, /"size":4/],
    [`${part('one', 'a')}${part('two', 'b')}--b--\r\n`, BOUNDARY, 400, /more than one file/],
    [`${field}--b--\r\n`, BOUNDARY, 400, /holds no file/],
    [`${field.repeat(30)}${part('file', 'text')}--b--\r\n`, BOUNDARY, 400, /too many fields/],
    [part('file', 'text'), BOUNDARY, 400, /not valid/],
    [part('file', 'text'), 'multipart/form-data', 400, /not valid/],
    ['nothing of the kind', BOUNDARY, 400, /not valid|no file/],
    ['', BOUNDARY, 400, /no file|not valid/]
  ]
  for (const [body, type, status, message] of cases) {
    const answer = await upload(body, type)
    const text = await answer.text()
    t.equal(answer.status, status, `${body.slice(0, 80)}: ${text}`)
    t.match(text, message)
  }
  t.equal(await filesIn(root), 2)
})

t.test('what a host takes forms with is left alone', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.decorateRequest('isMultipart', () => false)
  app.decorateRequest('file', undefined)
  app.addContentTypeParser('multipart/form-data', (_request, _payload, done) => done(null, 'the host’s'))
  app.post('/form', async ({ body }) => body)
  await app.register(gateway, { prefix: '/ai', ...(await completeOptions(t, {})) })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const form = new FormData()
  form.set('file', new Blob([PNG], { type: 'image/png' }), 'a.png')
  t.equal((await clientOf(`${url}/ai`).upload(form)).status, 201)
  t.equal(await (await fetch(`${url}/form`, { method: 'POST', body: form })).text(), 'the host’s')
})

t.test('an upload that is refused is answered while it comes, and then cut off', async (t) => {
  const { url, root } = await open(t, { media: { maxUploadBytes: 100_000 } })
  const piece = Buffer.alloc(65_536, 1)
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), piece, Buffer.from('\r\n')])
  const heads: [string, Buffer, number][] = [
    [uploadHead('content-length: 10000000000'), piece, 413],
    [uploadHead('transfer-encoding: chunked'), chunk, 413],
    [uploadHead('content-length: 90000', 'content-encoding: gzip'), piece.subarray(0, 1000), 415],
    [uploadHead('content-length: 10000000000').replace(SECRETS.rpc, SECRETS.api), piece, 403]
  ]
  await Promise.all(
    heads.map(async ([head, body, status]) => {
      const { socket, until, closed } = await openSocket(t, url)
      socket.write(head)
      const timer = setInterval(() => socket.writable && socket.write(body), 20)
      await until(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*"error"`))
      const at = performance.now()
      await closed
      clearInterval(timer)
      t.ok(performance.now() - at > 200, 'there was time to read the answer')
      t.ok(performance.now() - at < 10_000, 'it does not go on for ever')
    })
  )
  t.equal(await filesIn(root), 0)
})

t.test('the next request follows one whose body was refused', async (t) => {
  const { url } = await open(t, { media: { maxUploadBytes: 100_000 } })
  const { socket, until } = await openSocket(t, url)
  const form = `${part('one', 'x'.repeat(90_000))}${part('two', 'y'.repeat(20_000))}--b--\r\n`
  socket.write(uploadHead(`content-length: ${form.length}`, `content-type: ${BOUNDARY}`) + form)
  await until(/^HTTP\/1\.1 400 /)
  socket.write(uploadHead('content-length: 200000'))
  socket.write(Buffer.alloc(200_000))
  await until(/HTTP\/1\.1 413 /)
  socket.write(uploadHead('content-length: 5000', 'content-type: image/png'))
  socket.write(Buffer.alloc(5000))
  await until(/HTTP\/1\.1 415 /)
  socket.write(uploadHead('content-length: 5'))
  socket.write('whole')
  await until(/HTTP\/1\.1 201 /)
  t.pass('all were answered, on one connection')
})

t.test('types as clients write them', async (t) => {
  const { upload, get } = await open(t)
  const cases: [string, number, string?][] = [
    ['text/plain; charset="utf-8"', 201, 'text/plain;charset=utf-8'],
    ['Text/Plain', 201, 'text/plain'],
    ['no type', 415],
    ['image/png', 415]
  ]
  for (const [type, status, stored] of cases) {
    const answer = await upload('words', type)
    t.equal(answer.status, status, type)
    if (!stored) continue
    const { url } = (await answer.json()) as { url: string }
    t.equal((await get(url)).headers.get('content-type'), stored)
  }
})

t.test('uploads at once are bounded, of one client and in all', async (t) => {
  const { app, url, root, upload } = await open(t)
  const begin = async (count: number, secret: string) => {
    const sockets = await Promise.all(Array.from({ length: count }, () => openSocket(t, url)))
    const head = uploadHead('content-length: 100000').replace(SECRETS.rpc, secret)
    for (const { socket } of sockets) socket.write(`${head}begun`)
    return sockets
  }
  const refused = async (secret: string) => {
    const answer = await upload(PNG, 'image/png', secret)
    t.match([answer.status, answer.headers.get('retry-after')], [503, '2'])
    t.same(await answer.json(), { error: 'Too many uploads at once' })
  }
  const first = await begin(8, SECRETS.rpc)
  t.equal(await untilFiles(root, (count) => count === 8), 8)
  await refused(SECRETS.rpc)
  t.equal((await upload(PNG, 'image/png', SECRETS.all)).status, 201, 'another client has room')
  const { liveConfig } = await servicesOf(app)
  await liveConfig.patch(() => ({ gateway: { media: { maxUploads: 10 } } }), 'test')
  const second = await begin(2, SECRETS.all)
  t.equal(await untilFiles(root, (count) => count === 12), 12)
  await refused(SECRETS.admin)
  for (const { socket } of [...first, ...second]) socket.destroy()
  t.equal(await untilFiles(root, (count) => count === 2), 2)
  t.equal((await upload(PNG, 'image/png')).status, 201)
})

t.test('an upload that stalls is cut off and leaves nothing', async (t) => {
  const { url, root } = await open(t, { gateway: { timeouts: { bodyMs: 400 } } })
  const form = part('file', 'x'.repeat(1000))
  const both = [uploadHead('content-length: 100000'), uploadHead('content-length: 5000', `content-type: ${BOUNDARY}`)]
  await Promise.all(
    both.map(async (head, n) => {
      const { socket, closed } = await openSocket(t, url)
      socket.write(head + (n === 0 ? 'begun' : form))
      await closed
    })
  )
  t.equal(await untilFiles(root, (count) => count === 0), 0)
})

t.test('a form that breaks off leaves nothing, and neither does one whose token is revoked', async (t) => {
  const { app, url, root } = await open(t)
  const { tokens } = await servicesOf(app)
  for (const end of ['leave', 'revoke']) {
    const { socket, closed } = await openSocket(t, url)
    socket.write(uploadHead('content-length: 500000', `content-type: ${BOUNDARY}`))
    socket.write(part('file', 'x'.repeat(100_000)).slice(0, 90_000))
    t.equal(await untilFiles(root, (count) => count === 1), 1)
    if (end === 'leave') socket.destroy()
    else await tokens.revoke({ id: 'rpc', force: true }, { clientId: 'admin', scopes: ['admin'] })
    await closed
    t.equal(await untilFiles(root, (count) => count === 0), 0, end)
  }
  t.equal((await fetch(`${url}/media`, { method: 'POST', body: 'x', headers: bearer(SECRETS.rpc) })).status, 401)
})
