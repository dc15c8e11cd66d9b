// Loads a gateway for minutes with everything it serves and everything that can go wrong, and reports whether it stood up to
// it. `npm run soak`, or `npm run soak -- --minutes 3`. It fails when the gateway did not.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startUpstream } from '../test/upstream/start.ts'
import { type Check, fillDisk } from './soak/full-disk.ts'
import { type Held, SoakedGateway } from './soak/gateway.ts'
import { Ledger } from './soak/ledger.ts'
import { type Counts, doOne, WORK } from './soak/traffic.ts'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } })
const minutes = Math.min(Math.max(Number(values.minutes), 1), 120)
/** The first part of the time the process is left alone, for its memory to be seen; in the rest it is restarted. */
const STEADY = 0.8
/**
 * Of the steady part, and at least so long: the young generation of the heap grows to its full size, the storage fills its
 * cache and the allocator finds its shape within about five minutes. What is measured in less tells of that.
 */
const WARM_UP = 0.7
const LEAST_WARM_UP_MS = 330_000
const LEAST_MEASURED_MS = 60_000
const WORKERS = 16
const CALIBRATE_MS = 10_000
const IDLE_MS = 7000
const SAMPLE_MS = 5000
const HOUR_MS = 3_600_000
const MEGABYTE = 1_048_576

const folder = mkdtempSync(join(tmpdir(), 'comis-soak-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
const upstream = await startUpstream()
const gateway = new SoakedGateway(folder, upstream.url)
const ledger = new Ledger()
const counts: Counts = new Map()
const faults = new Map<string, number>()
const checks: Check[] = []
let down = false

const drivers = { url: () => gateway.url, isDown: () => down, ledger }
const tell = (fault: string) => void faults.set(fault, (faults.get(fault) ?? 0) + 1)
const say = (text: string) => void process.stderr.write(`${text}\n`)

/** Workers that do one piece of work after the other until a time; not more than so many a second, all together. */
async function load(untilMs: number, rate = Infinity): Promise<number> {
  let done = 0
  const from = performance.now()
  const left = () => untilMs - Date.now()
  const worker = async () => {
    while (left() > 0) {
      const early = (done / rate) * 1000 - (performance.now() - from)
      if (early > 0) await sleep(Math.min(early + 1, 100))
      else {
        done++
        await doOne(drivers, counts, tell)
      }
    }
  }
  await Promise.all(Array.from({ length: WORKERS }, worker))
  return (done / (performance.now() - from)) * 1000
}

async function steady(rate: number, ms: number): Promise<void> {
  const until = Date.now() + ms
  const samples: Sample[] = []
  const warmUp = Math.max(ms * WARM_UP, LEAST_WARM_UP_MS)
  const tells = ms - warmUp >= LEAST_MEASURED_MS
  const [loaded] = await Promise.all([load(until, rate), sampleUntil(until, tells ? warmUp : ms * WARM_UP, samples)])
  const [rss, heap] = [slopeOf(samples, ({ rss }) => rss), slopeOf(samples, ({ heap }) => heap)]
  const last = samples.at(-1)
  say('RSS, heap, heap with what is free in it, outside the heap')
  for (const each of samples) {
    say([each.rss, each.heap, each.heapTotal, each.external].map((size) => size.toFixed(1)).join(' '))
  }
  checks.push(['pieces of work a second', loaded.toFixed(), undefined])
  checks.push([
    'RSS after warm-up, growth a minute',
    `${rss.toFixed(2)} MB, at ${last?.rss.toFixed()} MB`,
    tells ? rss < 1 : undefined
  ])
  checks.push(['heap, the same', `${heap.toFixed(2)} MB, at ${last?.heap.toFixed()} MB`, undefined])
}

interface Sample {
  minute: number
  /** Megabytes, after a collection of garbage. */
  rss: number
  heap: number
  /** The heap with what is free in it, and what is outside of it. */
  heapTotal: number
  external: number
}

async function sampleUntil(untilMs: number, skipMs: number, samples: Sample[]): Promise<void> {
  await sleep(skipMs)
  while (untilMs - Date.now() > SAMPLE_MS) {
    const { rssBytes, heapBytes, heapTotalBytes, externalBytes } = await gateway.held()
    samples.push({
      minute: Date.now() / 60_000,
      rss: rssBytes / MEGABYTE,
      heap: heapBytes / MEGABYTE,
      heapTotal: heapTotalBytes / MEGABYTE,
      external: externalBytes / MEGABYTE
    })
    await sleep(SAMPLE_MS)
  }
}

/** The median of the slopes between all pairs (Theil and Sen): memory grows by steps, and a single one is no slope. */
function slopeOf(samples: Sample[], valueOf: (sample: Sample) => number): number {
  const slopes = samples.flatMap((one, index) =>
    samples.slice(index + 1).map((other) => (valueOf(other) - valueOf(one)) / (other.minute - one.minute))
  )
  return slopes.toSorted((one, other) => one - other)[Math.floor(slopes.length / 2)] ?? NaN
}

async function restarts(rate: number, ms: number): Promise<void> {
  const until = Date.now() + ms
  const loaded = load(until, rate)
  const ended: (number | string)[] = []
  for (let n = 0; until - Date.now() > 10_000; n++) {
    await sleep(4000)
    down = true
    ended.push(await gateway.end(n % 2 === 0 ? 'SIGTERM' : 'SIGKILL'))
    await gateway.start()
    down = false
  }
  await loaded
  const clean = ended.every((code, n) => (n % 2 === 0 ? code === 0 : code === 'SIGKILL'))
  checks.push(['restarts by SIGTERM and SIGKILL in turn', ended.join(', ') || 'none', clean && ended.length > 0])
}

/** The process clock alone is set: the one of the machine is not ours to set. */
async function jump(): Promise<void> {
  const done: string[] = []
  for (const ms of [HOUR_MS, -2 * HOUR_MS]) {
    await gateway.jump(ms)
    const before = faults.size
    await load(Date.now() + 5000, 50)
    done.push(`${ms > 0 ? '+' : ''}${ms / HOUR_MS} h: ${faults.size - before} faults`)
  }
  checks.push(['clock jumps (of the process)', done.join(', '), faults.size === 0])
  await gateway.jump(HOUR_MS)
}

function compare(before: Held, after: Held): void {
  // What is kept to be used again, such as connections to the upstream, is as many as there were at once.
  const descriptors = after.descriptors - before.descriptors
  checks.push(['descriptors, idle after and before', `${after.descriptors}, ${before.descriptors}`, descriptors <= 5])
  checks.push([
    'timers, idle after and before',
    `${after.timers}, ${before.timers}`,
    after.timers - before.timers <= 10
  ])
}

function print(): void {
  console.log('\n| work | ok | failed as it was to | cut by a restart | wrong |\n| --- | --: | --: | --: | --: |')
  for (const { name } of WORK) {
    const { ok = 0, fault = 0, cut = 0, wrong = 0 } = counts.get(name) ?? {}
    console.log(`| ${name} | ${ok} | ${fault} | ${cut} | ${wrong} |`)
  }
  console.log('\n| what is to hold | found | |\n| --- | --- | --- |')
  for (const [what, found, ok] of checks) {
    console.log(`| ${what} | ${found} | ${ok === undefined ? '' : ok ? 'holds' : '**does not hold**'} |`)
  }
  for (const [fault, times] of faults) console.log(`\n${times} × ${fault}`)
}

try {
  await gateway.start()
  say('measuring the capacity')
  const capacity = await load(Date.now() + CALIBRATE_MS)
  const rate = capacity * 0.8
  say(`${capacity.toFixed()} pieces of work a second; loading with ${rate.toFixed()}`)
  await sleep(IDLE_MS)
  const before = await gateway.held(true)
  const ms = minutes * 60_000
  await steady(rate, ms * STEADY)
  await sleep(IDLE_MS)
  compare(before, await gateway.held(true))
  say('clock jumps')
  await jump()
  say('restarts')
  await restarts(rate, ms * (1 - STEADY))
  const lost = await ledger.lost(gateway.url)
  checks.push([`lost of ${ledger.size} acknowledged messages and deliveries`, `${lost}`, lost === 0])
  const code = await gateway.end('SIGTERM')
  checks.push(['exit code after all that', `${code}`, code === 0])
  const full = await fillDisk(folder, upstream.url)
  if (full) checks.push(...full)
  else checks.push(['FULL DISK', 'NOT TRIED: no file system can be mounted (be root)', undefined])
  const uncaught = gateway.log.split('\n').filter((line) => /unhandled|nothing caught/i.test(line)).length
  checks.push(['unhandled rejections and exceptions', `${uncaught}`, uncaught === 0])
  const wrong = [...counts.values()].reduce((sum, count) => sum + count.wrong, 0)
  checks.push(['answers that were wrong', `${wrong}`, wrong === 0])
  checks.unshift(['capacity, and what it was loaded with', `${capacity.toFixed()}/s, ${rate.toFixed()}/s`, undefined])
  print()
  process.exitCode = checks.every(([, , ok]) => ok !== false) ? 0 : 1
} finally {
  await gateway.end('SIGKILL')
  await upstream.stop()
}
