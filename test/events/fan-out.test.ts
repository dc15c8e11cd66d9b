import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { completeOptions, SECRETS } from '../support/gateway.ts'
import type { HostReport, HostRequest } from '../support/host.ts'
import { waitUntil } from '../support/watch.ts'

const HOST = join(import.meta.dirname, '../support/host.ts')
const READERS = 500
const EVENTS = 20_000
const BURST = 500
/** Events before anyone reads: what a process takes as it warms up is no reader's. */
const EARLIER = 2000
/** Events that the slowest reader may lack before more are emitted: less than a socket holds. */
const AHEAD = 2000
const BYTES = 300
const MB = 1024 * 1024

/** The whole stream as it should be: nobody's bytes are like it who misses an event or gets one twice. */
const frame = (n: number) => `id: ${n}\nevent: agent:hot_added\ndata: {"agentId":"${`${n}`.padEnd(BYTES, '.')}"}\n\n`
const EXPECTED = Buffer.from(Array.from({ length: EVENTS }, (_, n) => frame(EARLIER + n + 1)).join(''))

class Host {
  readonly #child: ChildProcess
  url = ''
  last: HostReport = { rss: 0, readers: 0 }
  mostRss = 0

  constructor(t: Test, options: object) {
    this.#child = fork(HOST, [JSON.stringify(options)], { execArgv: ['--max-semi-space-size=2'] })
    t.teardown(() => this.#child.kill('SIGKILL'))
  }

  async report(): Promise<HostReport> {
    const [report] = (await once(this.#child, 'message')) as [HostReport]
    this.url = report.url ?? this.url
    this.last = report
    this.mostRss = Math.max(this.mostRss, report.rss)
    return report
  }

  emit(count: number): Promise<HostReport> {
    this.#child.send({ emit: count, bytes: BYTES } satisfies HostRequest)
    return this.report()
  }
}

/** Compares what it gets with what it should get, as it comes. */
class RawReader {
  readonly socket: Socket
  #rest: Buffer = Buffer.alloc(0)
  #inBody = false
  #at = 0
  wrong: string | undefined

  private constructor(socket: Socket) {
    this.socket = socket
  }

  static async join(t: Test, url: string): Promise<RawReader> {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    t.teardown(() => socket.destroy())
    await once(socket, 'connect')
    const reader = new RawReader(socket)
    socket.on('error', (error) => (reader.wrong = error.message))
    socket.write(`GET /api/events HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${SECRETS.all}\r\n\r\n`)
    return reader
  }

  read(): this {
    this.socket.on('data', (piece: Buffer) => this.#take(piece))
    this.socket.once('close', () => (this.wrong ??= 'closed'))
    return this
  }

  get complete(): boolean {
    return this.#at === EXPECTED.length
  }

  /** How many events came. */
  get count(): number {
    return Math.floor((this.#at / EXPECTED.length) * EVENTS)
  }

  #take(piece: Buffer): void {
    const all = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece])
    const end = all.lastIndexOf('\n\n') + 2
    if (end === 1) return void (this.#rest = all)
    this.#rest = all.subarray(end)
    let whole = all.subarray(0, end)
    if (!this.#inBody || whole.includes('event: ping\n')) whole = this.#withoutOthers(whole)
    if (!whole.equals(EXPECTED.subarray(this.#at, this.#at + whole.length))) this.wrong ??= `after ${this.count} events`
    this.#at += whole.length
  }

  #withoutOthers(bytes: Buffer): Buffer {
    const text = bytes.toString('latin1')
    this.#inBody = true
    return Buffer.from(
      text.replace(/^HTTP[^]*?\r\n\r\nretry.*\nevent: retry\n.*\n\n/, '').replace(/event: ping\n.*\n\n/g, '')
    )
  }
}

t.test('500 readers get 20,000 events, whatever one of them does', async (t) => {
  const options = await completeOptions(t, { gateway: { events: { readerBufferBytes: 256 * 1024 } } })
  const host = new Host(t, options)
  const { url = '' } = await host.report()
  for (let emitted = 0; emitted < EARLIER; emitted += BURST) await host.emit(BURST)
  await setTimeout(300)
  const stalled = await RawReader.join(t, url)
  stalled.socket.pause()
  const readers: RawReader[] = []
  while (readers.length < READERS - 1) readers.push((await RawReader.join(t, url)).read())
  await waitUntil(async () => (await host.emit(0)).readers === READERS)
  const { rss } = await host.emit(0)

  const wrong = () => readers.find((reader) => reader.wrong !== undefined)?.wrong
  const slowest = () => readers.reduce((least, { count }) => Math.min(least, count), EVENTS)
  for (let emitted = 0; emitted < EVENTS; emitted += BURST) {
    await host.emit(BURST)
    await waitUntil(() => wrong() !== undefined || slowest() >= emitted + BURST - AHEAD)
  }
  await waitUntil(() => wrong() !== undefined || readers.every((reader) => reader.complete))
  t.equal(wrong(), undefined, 'each has each event once and in order')
  t.equal(slowest(), EVENTS)

  t.equal((await host.emit(0)).readers, READERS - 1, 'the one that takes nothing was cut off')
  t.comment(`${((host.mostRss - rss) / MB).toFixed(1)} MB more than the ${(rss / MB).toFixed(1)} MB after they joined`)
  t.ok(host.mostRss - rss < 40 * MB, `${((host.mostRss - rss) / MB).toFixed(1)} MB more`)
  stalled.read().socket.resume()
  await waitUntil(() => stalled.wrong !== undefined)
  t.ok(stalled.count < EVENTS, 'it has only what the system kept for it')
})
