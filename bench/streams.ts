import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HeldPlan, HeldResult } from './drive/held.ts'
import { question } from './drive/question.ts'
import type { RequestsPlan, RequestsResult } from './drive/requests.ts'
import type { StreamsPlan, StreamsResult } from './drive/streams.ts'
import { TOKEN } from './gateway.ts'
import { CORES, drive, type Server, start } from './processes.ts'
import { brief, limitRow, median, ratioRow, type Row, type Sample } from './table.ts'

export interface StreamsOptions {
  rounds: number
  quick: boolean
  upstream: Server
  /** Has the upstream forget what it was asked, which it keeps: it would be slower in each round than in the one before. */
  forget(): Promise<void>
  report(line: string): void
}

const CHUNKS = [100, 1000]
const CONNECTIONS = [1, 20, 200]
/** A stream whose chunks come 50 ms apart, so that no side is ever busy. */
const CALM = { model: 'slow-30', words: 30 }
const CALM_CONNECTIONS = 20
/** With the one before them fewer than one client may have. */
const HELD = { model: 'slow', streams: 400 }
/** A process runs for weeks, and its first seconds are not like them: before they are over nothing is measured. */
const WARM_MS = 8000
const LIMIT_MS = 60_000

/** Chat completions of an upstream: through a bare proxy, through the gateway as a model, and as an agent. */
export async function streams(options: StreamsOptions): Promise<Row[]> {
  const { rounds, quick, report, forget } = options
  const all = await startAll(options)
  const times = quick ? { warmupMs: 300, measureMs: 1000 } : { warmupMs: 1000, measureMs: 3000 }
  const rows: Row[] = []
  await warm(all, options)

  async function compare(name: string, sides: Side[], measure: (side: Side) => Promise<Sample>): Promise<void> {
    const samples = sides.map((): Sample[] => [])
    for (let round = 1; round <= rounds; round++) {
      for (const [index, side] of sides.entries()) {
        await forget()
        samples[index]?.push(await measure(side))
      }
      report(`${name}, round ${round}: ${samples.map(brief).join('; ')}`)
    }
    const [floor = [], ...others] = samples
    for (const [index, gateway] of others.entries()) {
      const { as, target } = sides[index + 1] as Side
      rows.push(ratioRow(`${name}, as ${as}`, floor, gateway, { what: 'bare proxy', target }))
    }
  }

  for (const words of CHUNKS) {
    for (const connections of CONNECTIONS) {
      const name = `Streams of ${words} chunks from an upstream, ${connections} at once`
      await compare(name, sidesOf(all, `words-${words}`, [0.8, 0.6]), (side) =>
        readStreams(side, { words, connections, ...times })
      )
    }
  }
  const whole = sidesOf(all, 'words-100', [0.7, 0.7]).slice(0, 2)
  for (const side of whole) await readWhole(side, { warmupMs: 300, measureMs: quick ? 500 : WARM_MS }) // other code runs
  await compare('Answers of 100 words in one piece, 20 at once', whole, (side) => readWhole(side, times))
  rows.push(...(await firstBytes(all, options)))
  await all.stop()
  rows.push(await heldMemory(options))
  return rows
}

interface Side {
  server: Server
  token?: string
  model: string
  /** What answers. */
  as: string
  target: number
}

function sidesOf({ proxy, gateway }: All, model: string, [asModel, asAgent]: [number, number]): Side[] {
  return [
    { server: proxy, model, as: 'it is', target: 1 },
    { server: gateway, token: TOKEN, model: `up/${model}`, as: 'a model', target: asModel },
    { server: gateway, token: TOKEN, model: `agent/${model}`, as: 'an agent', target: asAgent }
  ]
}

type Times = Pick<StreamsPlan, 'warmupMs' | 'measureMs'>

function readStreams(
  { server: { port, pid }, token, model }: Side,
  how: Times & Pick<StreamsPlan, 'words' | 'connections' | 'spreadMs'>
): Promise<StreamsResult> {
  return drive<StreamsResult>('streams.ts', { port, pid, token, model, ...how } satisfies StreamsPlan, LIMIT_MS)
}

function readWhole({ server: { port, pid }, token, model }: Side, { warmupMs, measureMs }: Times) {
  const plan: RequestsPlan = {
    url: `http://127.0.0.1:${port}/v1/chat/completions`,
    body: question(model, 100, false),
    pid,
    token,
    connections: 20,
    warmupSeconds: warmupMs / 1000,
    seconds: measureMs / 1000
  }
  return drive<RequestsResult>('requests.ts', plan, LIMIT_MS)
}

/** Has what is made once, as compiled code is, made by a few streams at a time. */
async function warm(all: All, { quick, forget }: StreamsOptions, ms = WARM_MS): Promise<void> {
  for (const side of sidesOf(all, 'words-100', [0, 0])) {
    await forget()
    await readStreams(side, { words: 100, connections: 20, warmupMs: 0, measureMs: quick ? 500 : ms })
  }
}

/** What the gateway adds to the time to the first byte, where nobody waits for a processor. */
async function firstBytes(all: All, { rounds, quick, report, forget }: StreamsOptions): Promise<Row[]> {
  const [floor, gateway] = sidesOf(all, CALM.model, [0, 0]) as [Side, Side]
  const plan = {
    words: CALM.words,
    connections: CALM_CONNECTIONS,
    spreadMs: 1500,
    warmupMs: 1500,
    measureMs: quick ? 4000 : 10_000
  }
  const added: { p50: number; p99: number }[] = []
  for (let round = 1; round <= rounds; round++) {
    await forget()
    const low = (await readStreams(floor, plan)).firstByte
    const high = (await readStreams(gateway, plan)).firstByte
    added.push({ p50: high.p50 - low.p50, p99: high.p99 - low.p99 })
    report(`First byte, round ${round}: floor ${JSON.stringify(low)}; gateway ${JSON.stringify(high)}`)
  }
  const row = (name: 'p50' | 'p99', limit: number) =>
    limitRow(
      `Added to the time to the first byte, ${CALM_CONNECTIONS} at once, ${name}`,
      median(added.map((each) => each[name])),
      'ms',
      limit,
      2
    )
  return [row('p50', 1), row('p99', 5)]
}

async function heldMemory(options: StreamsOptions): Promise<Row> {
  const sizes = { floor: [] as number[], gateway: [] as number[] }
  for (let round = 1; round <= options.rounds; round++) {
    const all = await startAll(options) // one that had as many open before has room for them
    await warm(all, options, WARM_MS / 3)
    sizes.floor.push(await perStream(all.proxy, HELD.model))
    sizes.gateway.push(await perStream(all.gateway, `up/${HELD.model}`))
    await all.stop()
  }
  const floor = median(sizes.floor)
  const gateway = median(sizes.gateway)
  options.report(`Memory of an open stream: ${JSON.stringify(sizes)}`)
  return {
    ...limitRow(`Memory (RSS) of an open stream, ${HELD.streams} at once`, gateway, 'kB', 40),
    floor: `bare proxy: ${floor.toFixed(0)} kB`,
    ratio: (gateway / floor).toFixed(2)
  }
}

/** Kilobytes. */
async function perStream({ port, pid }: Server, model: string): Promise<number> {
  const plan: HeldPlan = { port, pid, token: TOKEN, model, streams: HELD.streams }
  const { memory } = await drive<HeldResult>('held.ts', plan, LIMIT_MS)
  return ((memory.joined - memory.empty) * 1024) / HELD.streams
}

interface All {
  proxy: Server
  gateway: Server
  stop(): Promise<void>
}

async function startAll({ upstream }: StreamsOptions): Promise<All> {
  const dataDir = mkdtempSync(join(tmpdir(), 'comis-bench-'))
  const remove = () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
  process.once('exit', remove)
  const [proxy, gateway] = await Promise.all([
    start(['--expose-gc', 'bench/floors/proxy.ts', `http://127.0.0.1:${upstream.port}`], CORES.server),
    start(['--expose-gc', 'bench/host.ts', JSON.stringify(configOf(upstream, dataDir))], CORES.server)
  ])
  async function stop(): Promise<void> {
    await Promise.all([proxy.stop(), gateway.stop()])
    process.off('exit', remove)
    remove()
  }
  return { proxy, gateway, stop }
}

function configOf({ port }: Server, dataDir: string): object {
  const models = [...CHUNKS.map((words) => `words-${words}`), CALM.model, HELD.model]
  return {
    gateway: {
      tokens: [{ id: 'bench', secret: TOKEN, scopes: ['*'] }],
      rateLimit: { maxRequests: 1_000_000_000 }
    },
    providers: {
      up: { type: 'openai-compatible', baseURL: `http://127.0.0.1:${port}/v1`, models: models.map((id) => ({ id })) }
    },
    agents: Object.fromEntries(models.map((model) => [model, { provider: 'up', model, memory: { recall: false } }])),
    embeddings: false,
    dataDir
  }
}
