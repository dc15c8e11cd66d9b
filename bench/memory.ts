import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { MemoryPlan, MemoryResult } from './drive/memory.ts'
import { EMBEDDING_MODEL, type Gateways, TOKEN } from './gateway.ts'
import { drive } from './processes.ts'
import type { Row } from './table.ts'

export interface MemoryTimes {
  warmupMs: number
  measureMs: number
}

const FILL = join(import.meta.dirname, 'fill-memory.ts')
const FILL_MS = 120_000
const SLACK_MS = 30_000
const POLLERS = 50
const EVERY_MS = 100
const SEARCH_TARGET_MS = 20
const HEALTH_TARGET_MS = 25

/** Searches of a memory of so many entries, while others poll `GET /health`. */
export async function searchMemory(gateways: Gateways, entries: number, times: MemoryTimes): Promise<Row[]> {
  const folder = gateways.newFolder()
  const fill = [FILL, folder, `${entries}`, `up/${EMBEDDING_MODEL}`]
  execFileSync(process.execPath, fill, { stdio: 'inherit', timeout: FILL_MS })
  const server = await gateways.start({ folder })
  const plan: MemoryPlan = { port: server.port, token: TOKEN, pollers: POLLERS, everyMs: EVERY_MS, ...times }
  const { search, health } = await drive<MemoryResult>('memory.ts', plan, times.warmupMs + times.measureMs + SLACK_MS)
  await server.stop()
  const size = entries.toLocaleString('en')
  const unlessSmall = entries >= 100_000
  return [
    row(`Memory search among ${size} entries`, search, search.p50, unlessSmall ? SEARCH_TARGET_MS : undefined, 'p50'),
    row(`\`GET /health\` meanwhile, ${POLLERS} clients`, health, health.p99, HEALTH_TARGET_MS, 'p99')
  ]
}

function row(
  work: string,
  { count, p50, p99 }: MemoryResult['search'],
  value: number,
  target: number | undefined,
  what: string
): Row {
  const gateway = `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (of ${count.toLocaleString('en')})`
  const aim = target === undefined ? '–' : `${what} < ${target} ms`
  return {
    work,
    floor: '–',
    gateway,
    ratio: '–',
    target: aim,
    met: target === undefined ? '–' : value < target ? 'yes' : 'no'
  }
}
