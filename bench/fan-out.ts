import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ReadersPlan, ReadersResult } from './drive/readers.ts'
import { TOKEN } from './gateway.ts'
import { CORES, drive, type Server, start } from './processes.ts'
import { brief, memoryRow, ratioRow, type Row } from './table.ts'

export interface FanOutOptions {
  rounds: number
  quick: boolean
  report(line: string): void
}

/** Events of one round, so that sizes take about as long; more at once than this the gateway would refuse. */
const WORKS = [
  { readers: 100, events: 4000, times: 5, target: 1 },
  { readers: 500, events: 4000, times: 1, target: 1.1 },
  { readers: 1000, events: 2000, times: 1, target: 1.2 }
]
/** Events made in one turn of the event loop. */
const BURST = 20
const IDLE_READERS = 1000
const LIMIT_MS = 60_000

/** Streams of events to many readers: of a host application with the gateway in it, and of a bare server. */
export async function fanOut({ rounds, quick, report }: FanOutOptions): Promise<Row[]> {
  const rows: Row[] = []
  const both = await startBoth()
  for (const { readers, events, times, target } of WORKS) {
    const plan = { readers, events, times: quick ? 1 : times, burst: BURST }
    const floor: ReadersResult[] = []
    const gateway: ReadersResult[] = []
    const name = `Events to ${readers} readers, deliveries`
    for (let round = 1; round <= rounds; round++) {
      floor.push(await measure(both.floor, plan))
      gateway.push(await measure(both.gateway, plan))
      report(`${name}, round ${round}: floor ${brief(floor)}; gateway ${brief(gateway)}`)
    }
    rows.push(ratioRow(name, floor, gateway, { what: '`node:http`', target }))
  }
  await both.stop()
  return [...rows, await idleMemory(rounds, report)]
}

async function idleMemory(rounds: number, report: (line: string) => void): Promise<Row> {
  const plan = { readers: IDLE_READERS, events: 0, times: 0, burst: BURST }
  const floor: number[] = []
  const gateway: number[] = []
  for (let round = 1; round <= rounds; round++) {
    const both = await startBoth() // a process that had readers before has room for them
    floor.push(perReader(await measure(both.floor, plan)))
    gateway.push(perReader(await measure(both.gateway, plan)))
    await both.stop()
    report(
      `Memory of an idle reader, round ${round}: floor ${floor.at(-1)?.toFixed(1)} kB; gateway ${gateway.at(-1)?.toFixed(1)} kB`
    )
  }
  return memoryRow('Memory (RSS) of an idle reader of events', floor, gateway, { what: '`node:http`', target: 1.2 })
}

const perReader = ({ memory }: ReadersResult) => ((memory.joined - memory.empty) * 1024) / IDLE_READERS

interface Both {
  floor: Server
  gateway: Server
  stop(): Promise<void>
}

async function startBoth(): Promise<Both> {
  const dataDir = mkdtempSync(join(tmpdir(), 'comis-bench-'))
  const remove = () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
  process.once('exit', remove)
  const options = {
    gateway: { tokens: [{ id: 'bench', secret: TOKEN, scopes: ['*'] }], rateLimit: { maxRequests: 1_000_000_000 } },
    providers: {},
    dataDir
  }
  // Memory is measured without what only waits to be collected, at both.
  const serve = (...args: string[]) => start(['--expose-gc', ...args], CORES.server)
  const [floor, gateway] = await Promise.all([
    serve('bench/floors/events.ts'),
    serve('bench/host.ts', JSON.stringify(options))
  ])
  async function stop(): Promise<void> {
    await Promise.all([floor.stop(), gateway.stop()])
    process.off('exit', remove)
    remove()
  }
  return { floor, gateway, stop }
}

/** Both are asked the same; the floor does not look at the token. */
function measure({ port, pid }: Server, plan: Omit<ReadersPlan, 'port' | 'pid' | 'token'>): Promise<ReadersResult> {
  return drive<ReadersResult>('readers.ts', { ...plan, port, pid, token: TOKEN } satisfies ReadersPlan, LIMIT_MS)
}
