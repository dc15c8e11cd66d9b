import { setTimeout as sleep } from 'node:timers/promises'
import { TOKEN } from './gateway.ts'

const SETTLE_MS = 30_000

/** What the gateway has acknowledged, and so must not lose. */
export class Ledger {
  readonly #said: { key: string; message: string }[] = []
  #deliveries = 0

  said(key: string, message: string): void {
    this.#said.push({ key, message })
  }

  delivered(): void {
    this.#deliveries++
  }

  get size(): number {
    return this.#said.length + this.#deliveries
  }

  /** @returns how many of them are lost */
  async lost(url: string): Promise<number> {
    const messages = await lostMessages(url, this.#said)
    return messages + Math.max(0, this.#deliveries - (await doneDeliveries(url, this.#deliveries)))
  }
}

async function call<Result>(url: string, method: string): Promise<Result> {
  const response = await fetch(`${url}/rpc`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: {} })
  })
  const { result, error } = (await response.json()) as { result?: Result; error?: { message: string } }
  if (result === undefined) throw new Error(`${method}: ${error?.message}`)
  return result
}

async function lostMessages(url: string, said: { key: string; message: string }[]): Promise<number> {
  let lost = 0
  for (const [key, own] of Map.groupBy(said, (one) => one.key)) {
    const response = await fetch(`${url}/api/sessions/${key}/export`, { headers: { authorization: `Bearer ${TOKEN}` } })
    const text = await response.text()
    lost += own.filter(({ message }) => !text.includes(message)).length
  }
  return lost
}

/** What was accepted is worked off, sooner or later. */
async function doneDeliveries(url: string, wanted: number): Promise<number> {
  const deadline = Date.now() + SETTLE_MS
  for (;;) {
    const { counts } = await call<{ counts: { state: string; count: number }[] }>(url, 'obs.delivery.stats')
    const done = counts.reduce((sum, { state, count }) => (state === 'done' ? sum + count : sum), 0)
    if (done >= wanted || Date.now() > deadline) return done
    await sleep(200)
  }
}
