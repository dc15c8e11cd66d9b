import { mkdirSync, openAsBlob, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { residentMb } from './cpu.ts'
import type { DownloadPlan, DownloadResult } from './drive/download.ts'
import type { RequestsPlan, RequestsResult } from './drive/requests.ts'
import type { UploadPlan, UploadResult } from './drive/upload.ts'
import { type Gateways, TOKEN } from './gateway.ts'
import { CORES, drive, type Server, start } from './processes.ts'
import { brief, limitRow, ratioRow, type Row, type Sample } from './table.ts'

export interface MediaOptions {
  gateways: Gateways
  rounds: number
  quick: boolean
  report(line: string): void
}

interface Work {
  file: string
  name: string
  bytes: number
  connections: number
}

const MB = 1024 * 1024
const WORKS: Work[] = [
  { file: 'small.bin', name: '1 KB', bytes: 1024, connections: 50 },
  { file: 'middle.bin', name: '1 MB', bytes: MB, connections: 10 },
  { file: 'large.bin', name: '100 MB', bytes: 100 * MB, connections: 2 }
]
const TARGET = 0.8
const MOST_GROWTH_MB = 32
const SAMPLE_MS = 20
const LIMIT_MS = 120_000

/** Files of the media store against the same ones of a bare `@fastify/static`, and an upload. */
export async function media({ gateways, rounds, quick, report }: MediaOptions): Promise<Row[]> {
  const files = gateways.newFolder()
  mkdirSync(files)
  for (const { file, bytes } of WORKS) writeFileSync(join(files, file), Buffer.alloc(bytes, 1))
  const floor = await start(['bench/floors/static.ts', files], CORES.server)
  const gateway = await gateways.start()
  const rows: Row[] = []
  for (const work of WORKS) rows.push(...(await compare(work, { floor, gateway })))
  rows.push(...(await upload()))
  await Promise.all([gateway.stop(), floor.stop()])
  return rows

  async function compare(work: Work, sides: { floor: Server; gateway: Server }): Promise<Row[]> {
    const name = `\`GET /media/:id\`, ${work.name}, ${work.connections} connections`
    const paths = { floor: `/media/${work.file}`, gateway: await save(sides.gateway, join(files, work.file)) }
    const samples = { floor: [] as Sample[], gateway: [] as Sample[] }
    const growths = { floor: 0, gateway: 0 }
    for (const side of ['floor', 'gateway'] as const) await read(sides[side], paths[side], work) // heaps grow to their size
    for (let round = 1; round <= rounds; round++) {
      for (const side of ['floor', 'gateway'] as const) {
        const { result, growth } = await growthOf(sides[side], () => read(sides[side], paths[side], work))
        samples[side].push(result)
        growths[side] = Math.max(growths[side], growth)
      }
      report(`${name}, round ${round}: floor ${brief(samples.floor)}; gateway ${brief(samples.gateway)}`)
    }
    const grown = limitRow(`${name}: growth of memory (RSS), at its peak`, growths.gateway, 'MB', MOST_GROWTH_MB, 1)
    const floorGrowth = `bare \`@fastify/static\`: ${growths.floor.toFixed(1)} MB`
    return [
      ratioRow(name, samples.floor, samples.gateway, { what: 'bare `@fastify/static`', target: TARGET }),
      { ...grown, floor: floorGrowth }
    ]
  }

  function read({ port, pid }: Server, path: string, { bytes, connections }: Work): Promise<Sample> {
    const seconds = quick ? 1 : 5
    if (bytes >= MB) {
      const times = { warmupMs: 1000, measureMs: seconds * 1000 }
      const plan: DownloadPlan = { port, pid, token: TOKEN, path, bytes, connections, ...times }
      return drive<DownloadResult>('download.ts', plan, LIMIT_MS)
    }
    const url = `http://127.0.0.1:${port}${path}`
    const plan: RequestsPlan = { url, pid, token: TOKEN, connections, warmupSeconds: 1, seconds }
    return drive<RequestsResult>('requests.ts', plan, LIMIT_MS)
  }

  /** Of a gateway that was just started: it has taken nothing yet. */
  async function upload(): Promise<Row[]> {
    const server = await gateways.start()
    const bytes = (quick ? 200 : 1024) * MB
    const plan: UploadPlan = { port: server.port, token: TOKEN, bytes }
    await drive<UploadResult>('upload.ts', { ...plan, bytes: 8 * MB }, LIMIT_MS) // what is made once is made now
    const { result, growth } = await growthOf(server, () => drive<UploadResult>('upload.ts', plan, LIMIT_MS))
    await server.stop()
    const rate = bytes / MB / result.seconds
    const name = `Upload of ${bytes / MB} MB, on disk before its 201 (${rate.toFixed(0)} MB/s)`
    report(`${name}: +${growth.toFixed(1)} MB`)
    return [limitRow(`${name}: growth of memory (RSS), at its peak`, growth, 'MB', MOST_GROWTH_MB, 1)]
  }
}

/** @returns the address of the file */
async function save({ port }: Server, path: string): Promise<string> {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/octet-stream' }
  const body = await openAsBlob(path)
  const answer = await fetch(`http://127.0.0.1:${port}/media`, { method: 'POST', headers, body })
  if (answer.status !== 201) throw new Error(`an upload was answered with ${answer.status}: ${await answer.text()}`)
  return ((await answer.json()) as { url: string }).url
}

/** How far a server's resident memory rises meanwhile above what it was before, in megabytes. */
async function growthOf<T>({ pid }: Server, work: () => Promise<T>): Promise<{ result: T; growth: number }> {
  const before = residentMb(pid) ?? NaN
  let peak = before
  const timer = setInterval(() => (peak = Math.max(peak, residentMb(pid) ?? NaN)), SAMPLE_MS)
  const result = await work().finally(() => clearInterval(timer))
  return { result, growth: peak - before }
}
