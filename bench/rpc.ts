import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CallsPlan, CallsResult } from './drive/calls.ts'
import type { Delays, DeltasPlan, DeltasResult } from './drive/deltas.ts'
import type { SocketsPlan, SocketsResult } from './drive/sockets.ts'
import { TOKEN } from './gateway.ts'
import { CORES, drive, type Server, start } from './processes.ts'
import { brief, median, memoryRow, ratioRow, type Row } from './table.ts'

export interface RpcOptions {
  rounds: number
  quick: boolean
  upstream: Server
  report(line: string): void
}

const SOCKETS = 50
const IDLE_SOCKETS = 1000
const BEATEN_SOCKETS = 5000
/** Heartbeats come as often as this here, and every 30 s where nobody says otherwise. */
const BEAT_MS = 1000
const DEFAULT_BEAT_MS = 30_000
const LIMIT_MS = 60_000

/** JSON-RPC over WebSockets: of a host application with the gateway in it, and of a bare server made with `ws`. */
export async function rpc(options: RpcOptions): Promise<Row[]> {
  const both = await startBoth(options)
  const rows = [await calls(both, 1, options), await calls(both, 8, options), await deltas(both.gateway, options)]
  await both.stop()
  return [...rows, await idleMemory(options), await heartbeats(options)]
}

async function calls({ floor, gateway }: Both, inFlight: number, { rounds, quick, report }: RpcOptions): Promise<Row> {
  const times = quick ? { warmupMs: 300, measureMs: 1000 } : { warmupMs: 1000, measureMs: 3000 }
  const measure = ({ port, pid }: Server): Promise<CallsResult> => {
    const plan: CallsPlan = { port, pid, token: TOKEN, sockets: SOCKETS, inFlight, ...times }
    return drive<CallsResult>('calls.ts', plan, LIMIT_MS)
  }
  const name = `\`system.ping\` on ${SOCKETS} sockets, ${inFlight} at a time on each`
  const low: CallsResult[] = []
  const high: CallsResult[] = []
  for (let round = 1; round <= rounds; round++) {
    low.push(await measure(floor))
    high.push(await measure(gateway))
    report(`${name}, round ${round}: floor ${brief(low)}; gateway ${brief(high)}`)
  }
  return ratioRow(name, low, high, { what: '`ws`', target: 0.9 })
}

/**
 * The provider is read directly too: that alone takes longer than a millisecond where the system is slow to wake a process,
 * as a virtual machine is. What is left is the gateway's.
 */
async function deltas({ port }: Server, { rounds, quick, upstream, report }: RpcOptions): Promise<Row> {
  const model = quick ? 'clock-100' : 'clock-500'
  const plan: DeltasPlan = { port, token: TOKEN, agentId: model, upstream: { port: upstream.port, model } }
  const results: DeltasResult[] = []
  for (let round = 1; round <= rounds; round++) {
    const result = await drive<DeltasResult>('deltas.ts', plan, LIMIT_MS)
    results.push(result)
    report(`Deltas, round ${round}: provider ${describe(result.direct)}; gateway ${describe(result.gateway)}`)
  }
  const middle = (read: (result: DeltasResult) => number) => median(results.map(read))
  const summary = (side: keyof DeltasResult): Delays => ({
    count: middle((result) => result[side].count),
    p50: middle((result) => result[side].p50),
    p99: middle((result) => result[side].p99)
  })
  const added = middle(({ direct, gateway }) => gateway.p99 - direct.p99)
  return {
    work: "`agent.stream`, from the provider's chunk to the client's delta, 50 a second",
    floor: `read from the provider: ${describe(summary('direct'))}`,
    gateway: describe(summary('gateway')),
    ratio: `p99 ${added < 0 ? '−' : '+'}${Math.abs(added).toFixed(2)} ms`,
    target: 'p99 + < 1 ms',
    met: added < 1 ? 'yes' : 'no'
  }
}

const describe = ({ p50, p99 }: Delays) => `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`

async function idleMemory(options: RpcOptions): Promise<Row> {
  const floor: number[] = []
  const gateway: number[] = []
  for (let round = 1; round <= options.rounds; round++) {
    const both = await startBoth(options) // a process that had sockets before has room for them
    floor.push(perSocket(await idle(both.floor, IDLE_SOCKETS, 0)))
    gateway.push(perSocket(await idle(both.gateway, IDLE_SOCKETS, 0)))
    await both.stop()
  }
  options.report(`Memory of an idle socket: floor ${kilobytes(floor)} kB; gateway ${kilobytes(gateway)} kB`)
  return memoryRow('Memory (RSS) of an idle WebSocket', floor, gateway, { what: '`ws`', target: 1.2 })
}

const perSocket = ({ memory }: SocketsResult) => ((memory.joined - memory.empty) * 1024) / IDLE_SOCKETS
const kilobytes = (values: number[]) => values.map((value) => value.toFixed(1)).join(', ')

async function heartbeats(options: RpcOptions): Promise<Row> {
  const { floor, gateway, stop } = await startBoth(options, BEAT_MS)
  await floor.stop()
  const { beatCpuMs } = await idle(gateway, BEATEN_SOCKETS, options.quick ? 3 : 10)
  await stop()
  const percent = (beatCpuMs / DEFAULT_BEAT_MS) * 100
  return {
    work: `Heartbeats to ${BEATEN_SOCKETS.toLocaleString('en')} idle sockets, one in 30 s`,
    floor: '–',
    gateway: `${percent.toFixed(2)} % of a core (CPU ${beatCpuMs.toFixed(0)} ms each)`,
    ratio: '–',
    target: '< 5 % of a core',
    met: percent < 5 ? 'yes' : 'no'
  }
}

function idle({ port, pid }: Server, sockets: number, beats: number): Promise<SocketsResult> {
  const plan: SocketsPlan = { port, pid, token: TOKEN, sockets, beats, beatMs: BEAT_MS }
  return drive<SocketsResult>('sockets.ts', plan, LIMIT_MS)
}

interface Both {
  floor: Server
  gateway: Server
  stop(): Promise<void>
}

async function startBoth({ upstream }: RpcOptions, wsHeartbeatMs = 0): Promise<Both> {
  const dataDir = mkdtempSync(join(tmpdir(), 'comis-bench-'))
  const remove = () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
  process.once('exit', remove)
  const [floor, gateway] = await Promise.all([
    start(['--expose-gc', 'bench/floors/rpc.ts'], CORES.server),
    start(['--expose-gc', 'bench/host.ts', JSON.stringify(configOf(upstream, dataDir, wsHeartbeatMs))], CORES.server)
  ])
  async function stop(): Promise<void> {
    await Promise.all([floor.stop(), gateway.stop()])
    process.off('exit', remove)
    remove()
  }
  return { floor, gateway, stop }
}

function configOf({ port }: Server, dataDir: string, wsHeartbeatMs: number): object {
  const clocks = ['clock-100', 'clock-500']
  return {
    gateway: {
      tokens: [{ id: 'bench', secret: TOKEN, scopes: ['*'] }],
      rateLimit: { maxRequests: 1_000_000_000 },
      wsMessageRateLimit: { maxMessages: 100_000, windowMs: 1000 },
      wsHeartbeatMs
    },
    providers: {
      up: {
        type: 'openai-compatible',
        baseURL: `http://127.0.0.1:${port}/v1`,
        models: clocks.map((id) => ({ id }))
      }
    },
    agents: Object.fromEntries(clocks.map((model) => [model, { provider: 'up', model }])),
    embeddings: false, // the work of another thread, on the same core
    dataDir
  }
}
