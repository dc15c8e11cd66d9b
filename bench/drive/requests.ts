import autocannon from 'autocannon'
import { type Load, watchLoad } from './load.ts'

export interface RequestsPlan {
  url: string
  /** The server's process. */
  pid: number
  token: string | undefined
  /** What is posted; left out: it is got. */
  post?: { body: string; headers: Record<string, string> }
  connections: number
  warmupSeconds: number
  seconds: number
}

export interface RequestsResult {
  /** Requests answered in a second. */
  rate: number
  /** Requests answered. */
  count: number
  load: Load
}

const { url, pid, token, post, connections, warmupSeconds, seconds } = JSON.parse(process.argv[2] ?? '') as RequestsPlan
const headers: Record<string, string> = {
  ...(token !== undefined && { authorization: `Bearer ${token}` }),
  ...post?.headers
}

const sent = post && ({ method: 'POST', body: post.body } as const)

async function shoot(duration: number): Promise<number> {
  const result = await autocannon({ url, connections, pipelining: 1, duration, sampleInt: 50, headers, ...sent })
  const { errors, timeouts, non2xx } = result
  if (errors + timeouts + non2xx > 0) {
    throw new Error(`${url}: ${errors} errors, ${timeouts} time-outs, ${non2xx} answers other than 2xx`)
  }
  return result['2xx']
}

await shoot(warmupSeconds)
const loadOf = watchLoad(pid)
const count = await shoot(seconds)
const load = loadOf()
const result: RequestsResult = { rate: count / load.seconds, count, load }
console.log(JSON.stringify(result))
