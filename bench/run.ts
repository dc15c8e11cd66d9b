import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { residentMb } from './cpu.ts'
import { fanOut } from './fan-out.ts'
import { question } from './drive/question.ts'
import type { RequestsPlan, RequestsResult } from './drive/requests.ts'
import type { StreamsPlan, StreamsResult } from './drive/streams.ts'
import { Gateways, TOKEN } from './gateway.ts'
import { searchMemory } from './memory.ts'
import { media } from './media.ts'
import { measureRecall } from './recall.ts'
import { rpc } from './rpc.ts'
import { streams } from './streams.ts'
import { CORES, drive, type Server, start, stopAll } from './processes.ts'
import { webhooks } from './webhooks.ts'
import { brief, limitRow, median, ratioRow, type Row, type Sample, toMarkdown } from './table.ts'

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })

const ROUNDS = 3
const STARTS = flags.quick ? 3 : 5
const WORDS = 100
const SETTLE_MS = 2000
const WARMUP_MS = flags.quick ? 300 : 1000
const MEASURE_MS = flags.quick ? 1000 : 5000
/** A driver that takes this much longer than it should hangs. */
const SLACK_MS = 15_000
const WHOLE_MS = 1_800_000
/** Entries of the memories that are searched. */
const MEMORIES = flags.quick ? [10_000] : [10_000, 100_000]
/** Ids and times may differ in length. */
const TOLERANCE = 0.02

interface Servers {
  gateway: Server
  fastify: Server
  chat: Server
}

/** Who is asked for what: for a stream of this model, or else for this path. */
interface Side {
  server: Server
  token?: string
  ask: { path: string } | { model: string }
}

/** Something to measure at two sides. */
interface Work {
  name: string
  floor: Side
  gateway: Side
  /** What the floor is. */
  what: string
  /** The least share of the floor's rate. */
  target: number
}

function works({ gateway, fastify, chat }: Servers): Work[] {
  return [
    {
      name: '`GET /health`, requests on 50 connections',
      floor: { server: fastify, ask: { path: '/health' } },
      gateway: { server: gateway, ask: { path: '/health' } },
      what: 'bare Fastify',
      target: 0.95
    },
    {
      name: '`GET /api/agents` with a token, requests on 50 connections',
      floor: { server: fastify, ask: { path: '/api/agents' }, token: TOKEN },
      gateway: { server: gateway, ask: { path: '/api/agents' }, token: TOKEN },
      what: 'bare Fastify',
      target: 0.85
    },
    {
      name: 'Streams of 100 words from the echo model, 20 at once',
      floor: { server: chat, ask: { model: 'builtin/echo' } },
      gateway: { server: gateway, ask: { model: 'builtin/echo' }, token: TOKEN },
      what: '`node:http`',
      target: 0.8
    }
  ]
}

function measure({ server: { port, pid }, token, ask }: Side): Promise<Sample> {
  const limitMs = WARMUP_MS + MEASURE_MS + SLACK_MS
  if ('model' in ask) {
    const times = { warmupMs: WARMUP_MS, measureMs: MEASURE_MS }
    const plan: StreamsPlan = { port, pid, token, model: ask.model, words: WORDS, connections: 20, ...times }
    return drive<StreamsResult>('streams.ts', plan, limitMs)
  }
  const times = { warmupSeconds: WARMUP_MS / 1000, seconds: MEASURE_MS / 1000 }
  const plan: RequestsPlan = { url: `http://127.0.0.1:${port}${ask.path}`, pid, token, connections: 50, ...times }
  return drive<RequestsResult>('requests.ts', plan, limitMs)
}

async function compare(work: Work): Promise<Row> {
  const { name, what, target } = work
  await refuseUnlike(work)
  const floor: Sample[] = []
  const gateway: Sample[] = []
  for (let round = 1; round <= ROUNDS; round++) {
    floor.push(await measure(work.floor))
    gateway.push(await measure(work.gateway))
    report(`${name}, round ${round}: floor ${brief(floor)}; gateway ${brief(gateway)}`)
  }
  return ratioRow(name, floor, gateway, { what, target })
}

/** A floor that answers less has less to do, and is none. */
async function refuseUnlike({ name, floor, gateway }: Work): Promise<void> {
  const [low, high] = await Promise.all([sizeOf(floor), sizeOf(gateway)])
  if (Math.abs(high - low) > high * TOLERANCE) {
    throw new Error(`${name}: the floor answers ${low} bytes, the gateway ${high}`)
  }
}

async function sizeOf({ server, token, ask }: Side): Promise<number> {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
  const [path, body] = 'model' in ask ? ['/v1/chat/completions', question(ask.model, WORDS)] : [ask.path, undefined]
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers,
    body
  })
  if (response.status !== 200) throw new Error(`${path} is answered with ${response.status}: ${await response.text()}`)
  return (await response.bytes()).length
}

async function coldStart(gateways: Gateways, what: string, launch: string): Promise<Row> {
  const times: number[] = []
  for (let round = 1; round <= STARTS; round++) times.push(await gateways.timeStart(launch))
  report(`Cold starts, ${what}: ${times.map((ms) => ms.toFixed(0)).join(', ')} ms`)
  return limitRow(`Cold start, to the first 200 of \`GET /health\`, ${what}`, median(times), 'ms', 600)
}

async function idleMemory({ pid }: Server): Promise<Row> {
  await wait(SETTLE_MS)
  return limitRow('Memory (RSS), idle 2 s after its start', residentMb(pid), 'MB', 110)
}

async function startFloors(): Promise<Omit<Servers, 'gateway'>> {
  const floor = (name: string, argument: string) => start([`bench/floors/${name}.ts`, argument], CORES.server)
  const [fastify, chat] = await Promise.all([floor('fastify', TOKEN), floor('chat', '')])
  return { fastify, chat }
}

async function compareAll(gateways: Gateways, upstream: Server): Promise<Row[]> {
  const starts = [
    await coldStart(gateways, 'as published', 'dist/src/launch.js'),
    await coldStart(gateways, 'from source', 'src/launch.js')
  ]
  const gateway = await gateways.start()
  const memory = await idleMemory(gateway)
  const servers = { gateway, ...(await startFloors()) }
  const forget = async () => {
    await fetch(`http://127.0.0.1:${upstream.port}/_requests`, { method: 'DELETE' }).then((answer) => answer.text())
  }
  const rows: Row[] = []
  for (const work of works(servers)) rows.push(await compare(work))
  await gateway.stop()
  rows.push(...(await streams({ rounds: ROUNDS, quick: flags.quick, upstream, forget, report })))
  rows.push(await webhooks({ gateways, rounds: ROUNDS, quick: flags.quick, report }))
  rows.push(...(await media({ gateways, rounds: ROUNDS, quick: flags.quick, report })))
  rows.push(...(await fanOut({ rounds: ROUNDS, quick: flags.quick, report })))
  rows.push(...(await rpc({ rounds: ROUNDS, quick: flags.quick, upstream, report })))
  const searches: Row[] = []
  const times = { warmupMs: WARMUP_MS * 2, measureMs: MEASURE_MS }
  for (const entries of MEMORIES) searches.push(...(await searchMemory(gateways, entries, times)))
  return [...rows, ...starts, memory, ...searches, ...(await measureRecall())]
}

async function main(): Promise<void> {
  const upstream = await start(['test/upstream/server.ts'], CORES.upstream)
  const gateways = new Gateways(upstream.port)
  try {
    const rows = await compareAll(gateways, upstream)
    process.stdout.write(`${toMarkdown(rows)}\n`)
  } catch (error) {
    report(gateways.log)
    throw error
  } finally {
    await stopAll()
  }
}

function report(line: string): void {
  process.stderr.write(`${line}\n`)
}

setTimeout(() => {
  report(`The benchmark took longer than ${WHOLE_MS / 1000} s`)
  process.exit(1)
}, WHOLE_MS).unref()

try {
  await main()
} catch (error) {
  console.error(error)
  process.exit(1)
}
