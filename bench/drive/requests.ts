import autocannon from 'autocannon'
import { type Load, watchLoad } from './load.ts'

export interface RequestsPlan {
  url: string
  /** JSON to post. Default: `GET`. */
  body?: string
  /** The server's process. */
  pid: number
  token: string | undefined
  /** Beside those that say what the body is and who asks. */
  headers?: Record<string, string>
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

const plan = JSON.parse(process.argv[2] ?? '') as RequestsPlan
const { url, body, pid, token, connections, warmupSeconds, seconds } = plan
const headers: Record<string, string> = {
  ...(token !== undefined && { authorization: `Bearer ${token}` }),
  ...(body !== undefined && { 'content-type': 'application/json' }),
  ...plan.headers
}
const method = body === undefined ? 'GET' : 'POST'

async function shoot(duration: number): Promise<number> {
  const result = await autocannon({ url, method, body, connections, pipelining: 1, duration, sampleInt: 50, headers })
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
