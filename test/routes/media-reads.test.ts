import { mkdir, readdir, readlink, rename, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { bearer, SECRETS, servicesOf, temporaryFolder } from '../support/gateway.ts'
import { open, openSocket, PNG } from '../support/media.ts'

/** Descriptors of this process that lead to files below a folder. */
async function openBelow(root: string): Promise<number> {
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''))
  )
  return links.filter((path) => path.startsWith(root)).length
}

async function untilClosed(root: string): Promise<number> {
  for (let n = 0; n < 300 && (await openBelow(root)) > 0; n++) await sleep(10)
  return openBelow(root)
}

t.test('a client that leaves, or takes nothing, ends the read', { skip: process.platform !== 'linux' }, async (t) => {
  const { url, root, save } = await open(t, { gateway: { stallMs: 500 } })
  const { url: path } = await save(Buffer.alloc(60_000_000), 'application/octet-stream')
  const request = `GET ${path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${SECRETS.rpc}\r\n\r\n`
  const leaver = await openSocket(t, url)
  leaver.socket.write(request)
  await leaver.until(/^HTTP\/1\.1 200 /)
  t.equal(await openBelow(root), 1)
  leaver.socket.destroy()
  t.equal(await untilClosed(root), 0)
  const slow = await openSocket(t, url)
  slow.socket.pause()
  slow.socket.write(request)
  await sleep(300)
  t.equal(await openBelow(root), 1, 'it waits for the client')
  t.equal(await untilClosed(root), 0, 'for a while')
})

t.test('a connection that was read from slowly is as good as any other afterwards', async (t) => {
  const { url, save } = await open(t, { gateway: { stallMs: 300 } })
  const { url: path } = await save(Buffer.alloc(1_000_000), 'application/octet-stream')
  const { socket, until } = await openSocket(t, url)
  const head = `host: a\r\nauthorization: Bearer ${SECRETS.rpc}\r\n\r\n`
  socket.write(`GET ${path} HTTP/1.1\r\n${head}`)
  await until(/^HTTP\/1\.1 200 [\s\S]{1000000}/)
  await sleep(600)
  t.notOk(socket.destroyed)
  socket.write(`GET ${path}/meta HTTP/1.1\r\n${head}`)
  await until(/"size":1000000/)
})

t.test('links instead of a file, a sidecar or a folder lead nowhere', async (t) => {
  const { root, save, get } = await open(t)
  const { id, url } = await save()
  t.equal((await get(url)).status, 200)
  const outside = await temporaryFolder(t)
  await writeFile(join(outside, id), 'not of the store')
  const shard = join(root, id.slice(0, 2))
  await rename(shard, join(outside, 'was'))
  await symlink(outside, shard)
  await sleep(1100)
  t.equal((await get(url)).status, 404, 'a folder that became a link later')
  t.equal((await get(`${url}/meta`)).status, 404)
  t.match(await (await get('/media', bearer(SECRETS.admin))).json(), { media: [] })
  await writeFile(join(root, 'plain'), 'x')
  await writeFile(join(outside, 'meta'), JSON.stringify({ contentType: 'text/html' }))
  await symlink(join(outside, 'meta'), join(root, 'plain.meta'))
  t.equal((await get('/media/plain')).headers.get('content-type'), 'application/octet-stream')
  await mkdir(join(root, 'folder'))
  t.equal((await get('/media/folder')).status, 404)
})

t.test('signatures: of this id, until then, by this key', async (t) => {
  const { app, dataDir, save, get } = await open(t)
  const { id, url } = await save()
  const other = await save()
  t.equal((await stat(join(dataDir, 'media.key'))).mode & 0o777, 0o600)
  const { media } = await servicesOf(app)
  const now = Math.floor(Date.now() / 1000)
  const address = (expires: number | string, signature: string, path = url) =>
    `${path}?expires=${expires}&signature=${signature}`
  const good = media.signer.sign(id, now + 100)
  const cases: [string, string, number][] = [
    ['good', address(now + 100, good), 200],
    ['over', address(now - 1, media.signer.sign(id, now - 1)), 401],
    ['another file', address(now + 100, good, other.url), 401],
    ['a later time', address(now + 101, good), 401],
    ['a letter changed', address(now + 100, `${good.startsWith('A') ? 'B' : 'A'}${good.slice(1)}`), 401],
    ['too short', address(now + 100, good.slice(1)), 401],
    ['none', address(now + 100, ''), 401],
    ['no number', address('NaN', good), 401],
    ['twice', `${address(now + 100, good)}&expires=1`, 401],
    ['another route', `/media?expires=${now + 100}&signature=${good}`, 401]
  ]
  for (const [name, path, status] of cases) t.equal((await get(path, {})).status, status, name)
  t.equal((await get(`${url}/meta?expires=${now + 100}&signature=${good}`, {})).status, 200)
  t.equal((await get(address(now + 100, good), {}, 'DELETE')).status, 401, 'it opens nothing but reading')
  t.equal((await get(address(now + 100, good, `${url}/sign`), {}, 'POST')).status, 401)
})

t.test('public media is read without a token, and only read', async (t) => {
  const { get, save, upload } = await open(t, { media: { public: true } })
  const { url } = await save()
  const answer = await get(url, {})
  t.match([answer.status, answer.headers.get('cache-control')], [200, /^public, max-age=/])
  t.equal((await get(`${url}/meta`, {})).status, 200)
  t.equal((await get('/media', {})).status, 401)
  t.equal((await get(url, {}, 'DELETE')).status, 401)
  t.equal((await upload(PNG, 'image/png', 'no-such-token')).status, 401)
})

t.test('past its time a file is gone, by whatever says when it was saved', async (t) => {
  const { root, get, save } = await open(t, { media: { ttlSeconds: 1 } })
  const { url } = await save()
  await writeFile(join(root, 'old.png'), PNG)
  await utimes(join(root, 'old.png'), 1, 1)
  t.equal((await get('/media/old.png')).status, 410)
  t.equal((await get(url)).status, 200)
  await sleep(1100)
  for (const path of [url, `${url}/meta`]) t.equal((await get(path)).status, 410, path)
  t.equal((await get(`${url}/sign`, bearer(SECRETS.rpc), 'POST')).status, 410)
})
