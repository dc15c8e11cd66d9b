import { createHmac } from 'node:crypto'
import type { RequestsPlan, RequestsResult } from './drive/requests.ts'
import { type Gateways, WEBHOOK_SECRET } from './gateway.ts'
import { drive } from './processes.ts'
import { brief, median, type Row } from './table.ts'

export interface WebhooksOptions {
  gateways: Gateways
  rounds: number
  quick: boolean
  report(line: string): void
}

const CONNECTIONS = 50
const TARGET = 3000
const LIMIT_MS = 60_000
const NAME = `Signed webhooks, each on disk before its 200, on ${CONNECTIONS} connections`

/** Deliveries without a name, so that each is one of its own. The gateway works off what it has accepted meanwhile. */
export async function webhooks({ gateways, rounds, quick, report }: WebhooksOptions): Promise<Row> {
  const body = JSON.stringify({ text: 'hello', padding: 'x'.repeat(500 - 36) })
  const signature = createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex')
  const plan: Omit<RequestsPlan, 'url' | 'pid'> = {
    token: undefined,
    body,
    headers: { 'x-webhook-signature': signature },
    connections: CONNECTIONS,
    warmupSeconds: 1,
    seconds: quick ? 1 : 5
  }
  const results: RequestsResult[] = []
  for (let round = 1; round <= rounds; round++) {
    const { port, pid, stop } = await gateways.start() // one that has as many to work off as it takes refuses more
    const url = `http://127.0.0.1:${port}/hooks/bench`
    results.push(await drive<RequestsResult>('requests.ts', { ...plan, url, pid } satisfies RequestsPlan, LIMIT_MS))
    report(`${NAME}, round ${round}: ${brief(results)}`)
    await stop()
  }
  const rate = median(results.map((result) => result.rate))
  return {
    work: NAME,
    floor: '–',
    gateway: `${rate.toFixed(0)}/s`,
    ratio: '–',
    target: `≥ ${TARGET.toLocaleString('en')}/s`,
    met: rate >= TARGET ? 'yes' : 'no'
  }
}
