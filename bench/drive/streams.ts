import { setTimeout } from 'node:timers/promises'
import { type Answer, Connection } from './connection.ts'
import { type Load, watchLoad } from './load.ts'
import { question } from './question.ts'

export interface StreamsPlan {
  /** The port of the server, and its process. */
  port: number
  pid: number
  token: string | undefined
  model: string
  words: number
  connections: number
  /** Over how long the first requests of the connections are spread, lest all are asked at the same time, again and again. Default: 0. */
  spreadMs?: number
  warmupMs: number
  measureMs: number
}

export interface StreamsResult {
  /** Streams ended in a second. */
  rate: number
  /** Streams ended. */
  count: number
  /** Milliseconds from a request to the first byte of the body. */
  firstByte: { p50: number; p99: number }
  load: Load
}

const plan = JSON.parse(process.argv[2] ?? '') as StreamsPlan
const request = requestOf(plan)
const firstBytes: number[] = []

function requestOf({ port, token, model, words }: StreamsPlan): string {
  const body = question(model, words)
  const lines = ['POST /v1/chat/completions HTTP/1.1', `host: 127.0.0.1:${port}`, 'content-type: application/json']
  if (token !== undefined) lines.push(`authorization: Bearer ${token}`)
  return [...lines, `content-length: ${Buffer.byteLength(body)}`, '', body].join('\r\n')
}

async function askOn(connection: Connection, index: number): Promise<void> {
  await setTimeout(((plan.spreadMs ?? 0) * index) / plan.connections)
  while (performance.now() < until) {
    const answer = await connection.ask(request)
    check(answer)
    const now = performance.now()
    if (now >= from && now < until) firstBytes.push(answer.firstByteMs)
  }
  connection.close()
}

/** Beside its words a stream has a chunk that ends them and `[DONE]`; the one before them may come with the first. */
function check({ events }: Answer): void {
  const count = countOf('data: ', events)
  if (count < plan.words + 2) throw new Error(`a stream has ${count} events: ${events}`)
  if (!events.endsWith('data: [DONE]\n\n')) throw new Error(`a stream is not complete: ${events}`)
}

function countOf(part: string, text: string): number {
  let count = 0
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) count++
  return count
}

/** The value below which this share of the values is. */
function at(sorted: number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

const connections = await Promise.all(Array.from({ length: plan.connections }, () => Connection.open(plan.port)))
const from = performance.now() + plan.warmupMs
const until = from + plan.measureMs
const loops = Promise.all(connections.map(askOn))
await Promise.race([loops, setTimeout(plan.warmupMs)])
const loadOf = watchLoad(plan.pid)
await Promise.race([loops, setTimeout(plan.measureMs)])
const load = loadOf()
await loops

const sorted = firstBytes.toSorted((a, b) => a - b)
const count = sorted.length
const rate = (count / plan.measureMs) * 1000
const result: StreamsResult = { rate, count, firstByte: { p50: at(sorted, 0.5), p99: at(sorted, 0.99) }, load }
console.log(JSON.stringify(result))
