import { readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import t, { type Test } from 'tap'
import { bearer, SECRETS, temporaryFolder, TOKENS } from '../support/gateway.ts'
import { clientOf, filesIn, open, openSocket, PNG, untilFiles, uploadHead } from '../support/media.ts'
import { startProcess } from '../support/process.ts'

const MB = 1024 * 1024

async function start(t: Test) {
  const cwd = await temporaryFolder(t)
  const dataDir = join(cwd, 'data')
  const config = { gateway: { port: 0, tokens: TOKENS }, providers: {}, dataDir }
  await writeFile(join(cwd, 'comis-gateway.yaml'), JSON.stringify(config))
  const gateway = startProcess(t, { cwd, args: ['--log-level', 'warn'] })
  const url = await gateway.url()
  return { ...gateway, url, dataDir, root: join(dataDir, 'media'), ...clientOf(url) }
}

t.test('of an upload that a crash interrupts nothing is left, and all else stays', async (t) => {
  const first = await start(t)
  const { root } = first
  const saved = await first.save()
  const { socket } = await openSocket(t, first.url)
  socket.write(`${uploadHead('content-length: 1000000')}begun`)
  t.equal(await untilFiles(root, (count) => count === 3), 3)
  first.child.kill('SIGKILL')
  await first.exit
  t.equal(await filesIn(root), 3)
  const second = await open(t, { dataDir: first.dataDir })
  t.equal(await untilFiles(root, (count) => count === 2), 2)
  const answer = await second.get(saved.url)
  t.strictSame(Buffer.from(await answer.arrayBuffer()), PNG)
})

t.test('the quota counts what was there before a restart, and what was deleted no more', async (t) => {
  const media = { quotaBytes: PNG.length * 2 + 10 }
  const first = await open(t, { media })
  const { url } = await first.save()
  await first.app.close()
  const second = await open(t, { media, dataDir: first.dataDir })
  t.equal((await second.upload(PNG, 'image/png')).status, 201)
  const full = await second.upload(PNG, 'image/png')
  t.equal(full.status, 507)
  t.match(await full.json(), { error: /quotaBytes/ })
  t.equal((await second.get(url, bearer(SECRETS.admin), 'DELETE')).status, 204)
  t.equal((await second.upload(PNG, 'image/png')).status, 201)
})

t.test('files of any size go through the same memory', { skip: process.platform !== 'linux' }, async (t) => {
  const bytes = 200 * MB
  const { child, url, get, upload } = await start(t)
  const resident = async () => {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024
  }
  async function peakOf(work: () => Promise<void>): Promise<number> {
    const before = await resident()
    let peak = before
    const timer = setInterval(() => void resident().then((now) => (peak = Math.max(peak, now))), 20)
    await work().finally(() => clearInterval(timer))
    return peak - before
  }

  // What is made once is made now.
  const small = (await (await upload(Buffer.alloc(8 * MB))).json()) as { url: string }
  for (let n = 0; n < 3; n++) await (await get(small.url)).arrayBuffer()

  let path = ''
  const up = await peakOf(async () => {
    path = await send(`${url}/media`, bytes)
  })
  const down = await peakOf(async () => {
    let seen = 0
    for await (const chunk of (await get(path)).body ?? []) seen += (chunk as Uint8Array).length
    t.equal(seen, bytes)
  })
  t.comment(`upload +${up.toFixed(1)} MB, download +${down.toFixed(1)} MB`)
  t.ok(up < 32, `upload: ${up} MB`)
  t.ok(down < 32, `download: ${down} MB`)
})

/** Sends so many bytes without having them. @returns the address of the file */
async function send(url: string, bytes: number): Promise<string> {
  const piece = Buffer.alloc(65_536, 1)
  const pieces = Readable.from(
    (function* () {
      for (let left = bytes; left > 0; left -= piece.length) yield piece.subarray(0, Math.min(left, piece.length))
    })()
  )
  const sending = request(url, { method: 'POST', headers: { ...bearer(SECRETS.rpc), 'content-length': bytes } })
  const answered = new Promise<string>((resolve, reject) => {
    sending.once('error', reject)
    sending.once('response', (response) => {
      Array.fromAsync(response as AsyncIterable<Buffer>).then((body) => resolve(Buffer.concat(body).toString()), reject)
    })
  })
  await pipeline(pieces, sending)
  return (JSON.parse(await answered) as { url: string }).url
}
