import { once } from 'node:events'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { bearer, SECRETS } from '../support/gateway.ts'
import { filesIn, open, PNG } from '../support/media.ts'

t.test('what is uploaded is served, whole and in parts', async (t) => {
  const { upload, get } = await open(t)
  const answer = await upload(PNG, 'image/png')
  t.equal(answer.status, 201)
  const saved = (await answer.json()) as { id: string; url: string; expiresAt: number }
  t.match(saved, { url: `/media/${saved.id}`, contentType: 'image/png', size: PNG.length, expiresAt: Number })
  const whole = await get(saved.url)
  t.strictSame(Buffer.from(await whole.arrayBuffer()), PNG)
  const etag = whole.headers.get('etag') ?? ''
  const modified = whole.headers.get('last-modified') ?? ''
  t.match(Object.fromEntries(whole.headers), {
    'content-type': 'image/png',
    'x-content-type-options': 'nosniff',
    'accept-ranges': 'bytes',
    'cache-control': /^private/
  })
  const auth = bearer(SECRETS.rpc)
  const cases: [Record<string, string>, number, Buffer | null][] = [
    [{ range: 'bytes=0-9' }, 206, PNG.subarray(0, 10)],
    [{ range: 'bytes=-5' }, 206, PNG.subarray(-5)],
    [{ range: 'bytes=10-' }, 206, PNG.subarray(10)],
    [{ range: 'bytes=0-1,5-6' }, 200, PNG],
    [{ range: 'lines=0-1' }, 200, PNG],
    [{ range: `bytes=${PNG.length}-` }, 416, null],
    [{ range: 'bytes=0-9', 'if-range': etag }, 206, PNG.subarray(0, 10)],
    [{ range: 'bytes=0-9', 'if-range': '"other"' }, 200, PNG],
    [{ range: 'bytes=0-9', 'if-range': modified }, 206, PNG.subarray(0, 10)],
    [{ 'if-none-match': etag }, 304, null],
    [{ 'if-none-match': `"a", W/${etag}` }, 304, null],
    [{ 'if-modified-since': modified }, 304, null],
    [{ 'if-match': '"other"' }, 412, null]
  ]
  for (const [headers, status, bytes] of cases) {
    const part = await get(saved.url, { ...auth, ...headers })
    t.equal(part.status, status, JSON.stringify(headers))
    const body = Buffer.from(await part.arrayBuffer())
    if (bytes) t.ok(body.equals(bytes), JSON.stringify(headers))
    if (status === 416) t.equal(part.headers.get('content-range'), `bytes */${PNG.length}`)
  }
  const head = await get(saved.url, auth, 'HEAD')
  t.match([head.status, head.headers.get('content-length')], [200, `${PNG.length}`])
  t.match(await (await get(`${saved.url}/meta`)).json(), {
    contentType: 'image/png',
    size: PNG.length,
    savedAt: Number
  })
})

t.test('a form, types that contradict, limits and quota', async (t) => {
  const { upload, get, root } = await open(t, { media: { maxUploadBytes: 200_000, quotaBytes: 300_000 } })
  const form = new FormData()
  form.set('file', new Blob([PNG], { type: 'image/png' }), 'a.png')
  const sent = await upload(form)
  t.equal(sent.status, 201, await sent.clone().text())
  t.equal((await upload(PNG, 'image/jpeg')).status, 415)
  t.equal((await upload('not a picture', 'image/png')).status, 415)
  t.equal((await upload(Buffer.alloc(200_001), 'application/octet-stream')).status, 413)
  const big = new FormData()
  big.set('file', new Blob([Buffer.alloc(200_001)]), 'a.bin')
  t.equal((await upload(big)).status, 413)
  t.equal((await upload(Buffer.alloc(150_000))).status, 201)
  t.equal((await upload(Buffer.alloc(150_000))).status, 507)
  t.equal(await filesIn(root), 4, 'what was refused left nothing')
  const page = await upload('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', 'image/svg+xml')
  const { url } = (await page.json()) as { url: string }
  t.match((await get(url)).headers.get('content-disposition'), /^attachment/)
})

t.test('who may do what', async (t) => {
  const { upload, get } = await open(t)
  const { url, id } = (await (await upload(PNG)).json()) as { url: string; id: string }
  t.equal((await get(url, {})).status, 401)
  t.equal((await get(url, bearer(SECRETS.mcp))).status, 403)
  t.equal((await get(`${url}?token=${SECRETS.rpc}`, {})).status, 200)
  t.equal((await upload(PNG, undefined, SECRETS.api)).status, 403)
  t.equal((await get('/media')).status, 403)
  t.match(await (await get('/media?limit=1', bearer(SECRETS.admin))).json(), { media: [{ id }] })
  const signed = (await (await get(`${url}/sign`, bearer(SECRETS.rpc), 'POST')).json()) as { url: string }
  t.equal((await get(signed.url, {})).status, 200)
  t.equal((await get(signed.url.replace(/expires=\d+/, 'expires=99999999999'), {})).status, 401)
  t.equal((await get(url, bearer(SECRETS.rpc), 'DELETE')).status, 403)
  t.equal((await get(url, bearer(SECRETS.admin), 'DELETE')).status, 204)
  t.equal((await get(url)).status, 404)
})

t.test('files of the Comis gateway are served, links are not, time runs out', async (t) => {
  const { root, get } = await open(t)
  await mkdir(root, { recursive: true })
  await writeFile(join(root, 'old.png'), PNG)
  await writeFile(join(root, 'typed'), 'x')
  await writeFile(join(root, 'typed.meta'), JSON.stringify({ contentType: 'audio/mpeg', savedAt: Date.now(), size: 1 }))
  await writeFile(join(root, 'late'), 'x')
  await writeFile(join(root, 'late.meta'), JSON.stringify({ contentType: 'audio/mpeg', savedAt: 1, size: 1 }))
  await symlink('/etc/passwd', join(root, 'link'))
  t.match((await get('/media/old.png')).headers.get('content-type'), 'image/png')
  t.match((await get('/media/typed')).headers.get('content-type'), 'audio/mpeg')
  t.equal((await get('/media/late')).status, 410)
  t.equal((await get('/media/link')).status, 404)
  t.equal((await get('/media/typed.meta')).status, 404)
})

t.test('over a raw socket, no address leads out of the store', async (t) => {
  const { url } = await open(t)
  async function status(path: string): Promise<number> {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer ${SECRETS.rpc}\r\n\r\n`)
    return Number((await text(socket)).split(' ')[1])
  }
  const cases: [string, number[]][] = [
    ['/media/..%2f..%2fetc%2fpasswd', [400]],
    ['/media/%2e%2e', [400]],
    ['/media/../media.key', [404]],
    ['/media/..%5c..%5cmedia.key', [400]],
    ['/media/%252e%252e%252fmedia.key', [400]],
    ['/media/a%00b', [400]],
    ['/media/%c0%ae%c0%ae', [400]],
    [`/media/${'a'.repeat(201)}`, [400, 414]],
    ['/media/.drafts', [404]],
    ['/media/x.meta', [404]]
  ]
  for (const [path, wanted] of cases) t.ok(wanted.includes(await status(path)), `${path}: ${await status(path)}`)
})

t.test('an upload that breaks off leaves nothing', async (t) => {
  const { url, root } = await open(t)
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(
    `POST /media HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\nauthorization: Bearer ${SECRETS.rpc}\r\n\r\n`
  )
  socket.write(Buffer.alloc(50_000))
  for (let n = 0; n < 200 && (await filesIn(root)) === 0; n++) await sleep(10)
  t.equal(await filesIn(root), 1)
  socket.destroy()
  for (let n = 0; n < 200 && (await filesIn(root)) > 0; n++) await sleep(10)
  t.equal(await filesIn(root), 0)
})
