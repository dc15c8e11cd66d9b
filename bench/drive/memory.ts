import { Agent, get } from 'node:http'
import { setTimeout } from 'node:timers/promises'

export interface MemoryPlan {
  port: number
  token: string
  /** Clients that poll `GET /health`, and how often each does. */
  pollers: number
  everyMs: number
  warmupMs: number
  measureMs: number
}

export interface Percentiles {
  count: number
  /** Milliseconds. */
  p50: number
  p99: number
}

export interface MemoryResult {
  search: Percentiles
  health: Percentiles
}

const plan = JSON.parse(process.argv[2] ?? '') as MemoryPlan
const agent = new Agent({ keepAlive: true })
const from = performance.now() + plan.warmupMs
const until = from + plan.measureMs

/** @returns how long an answer took to its last byte, in milliseconds */
function ask(path: string): Promise<number> {
  const since = performance.now()
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${plan.token}` }
    const request = get({ host: '127.0.0.1', port: plan.port, path, headers, agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${path} is answered with ${response.statusCode}`))
      response.resume().once('end', () => resolve(performance.now() - since))
    })
    request.once('error', reject)
  })
}

async function repeat(times: number[], next: () => string, pauseMs: number): Promise<void> {
  while (performance.now() < until) {
    const took = await ask(next())
    if (performance.now() >= from) times.push(took)
    if (pauseMs > 0) await setTimeout(pauseMs)
  }
}

/** Questions of five words of the filled memory, none twice. */
let asked = 0
const question = (): string => {
  const words = Array.from({ length: 5 }, (_, index) => `w${(++asked * 7919 + index * 104_729) % 5000}`)
  return `/api/memory/search?q=${words.join('+')}`
}

function percentiles(times: number[]): Percentiles {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
  return { count: sorted.length, p50: at(0.5), p99: at(0.99) }
}

const searches: number[] = []
const polls: number[] = []
const pollers = Array.from({ length: plan.pollers }, async (_, index) => {
  await setTimeout((index / plan.pollers) * plan.everyMs)
  await repeat(polls, () => '/health', plan.everyMs)
})
await Promise.all([...pollers, repeat(searches, question, 0)])
agent.destroy()
const result: MemoryResult = { search: percentiles(searches), health: percentiles(polls) }
console.log(JSON.stringify(result))
