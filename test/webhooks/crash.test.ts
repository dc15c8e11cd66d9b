import { createHmac } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { temporaryFolder, TOKENS } from '../support/gateway.ts'
import { type GatewayProcess, startProcess } from '../support/process.ts'
import { post } from '../support/socket.ts'
import { watch, waitUntil } from '../support/watch.ts'

const SECRET = 'a secret between the test and the gateway'
const DELIVERIES = 2000
const CONNECTIONS = 20
const KILL_AT = [400, 900, 1500]

const config = {
  gateway: { tokens: TOKENS, rateLimit: { maxRequests: 1_000_000 } },
  providers: {},
  agents: { default: { provider: 'builtin', model: 'echo', memory: { recall: false } } },
  embeddings: false,
  webhooks: {
    enabled: true,
    token: SECRET,
    concurrency: 128,
    retryDelayMs: 50,
    mappings: [{ id: 'many', match: { path: 'many' }, messageTemplate: 'number {{n}}', sessionKey: 's-{{n}}' }]
  }
}

/** @returns the status, or 0 where the connection broke before one came */
function deliver(agent: Agent, url: string, n: number): Promise<number> {
  const body = JSON.stringify({ n, padding: 'x'.repeat(200) })
  const signature = createHmac('sha256', SECRET).update(body).digest('hex')
  const headers = { 'x-webhook-signature': signature, 'x-webhook-id': `id-${n}`, 'content-type': 'application/json' }
  return new Promise((resolve) => {
    const sent = request(`${url}/hooks/many`, { method: 'POST', agent, headers }, (response) => {
      response.resume().once('close', () => resolve(response.complete ? (response.statusCode ?? 0) : 0))
    })
    sent.once('error', () => resolve(0))
    sent.end(body)
  })
}

t.test('killed three times on the way, it loses no delivery that it answered, and does none twice', async (t) => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'config.json')
  await writeFile(file, JSON.stringify(config))
  const start = () => {
    const args = ['--config', file, '--data-dir', join(folder, 'data'), '--port', '0', '--log-level', 'silent']
    return startProcess(t, { args })
  }
  let gateway: GatewayProcess = start()
  let url = await gateway.url()
  let answered = 0
  let kills = 0
  let restarting: Promise<void> | undefined

  async function restart(): Promise<void> {
    kills++
    gateway.child.kill('SIGKILL')
    t.equal(await gateway.exit, 'SIGKILL')
    gateway = start()
    url = await gateway.url()
  }

  async function deliverAtLeastOnce(agent: Agent, n: number): Promise<void> {
    for (;;) {
      await restarting
      const status = await deliver(agent, url, n)
      if (status === 200) break
      if (status !== 0) throw new Error(`answered with ${status}`)
      await sleep(20)
    }
    answered++
    if (answered >= (KILL_AT[kills] ?? Infinity) && !restarting) {
      restarting = restart().finally(() => (restarting = undefined))
    }
  }

  const numbers = Array.from({ length: DELIVERIES }, (_, n) => n)
  const again = numbers.filter((n) => n % 3 === 0)
  const queue = [...numbers, ...again].values()
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      for (const n of queue) await deliverAtLeastOnce(agent, n)
      agent.destroy()
    })
  )
  await restarting
  t.equal(kills, KILL_AT.length)

  const call = async (method: string, params: object = {}) => {
    const { json } = await post(url, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))
    return (json as { result: Record<string, unknown> }).result
  }
  await waitUntil(
    async () => {
      const { waiting, running } = await call('delivery.queue.status')
      return waiting === 0 && running === 0
    },
    () => 'the queue is not worked off',
    30_000
  )
  t.same(await call('obs.delivery.stats'), {
    total: DELIVERIES,
    counts: [{ mapping: 'many', state: 'done', count: DELIVERIES }]
  })

  const events = await watch(t, url, { query: '?types=webhook:completed,message:sent', lastEventId: '0' })
  await events.until(2 * DELIVERIES)
  await events.leave()
  const turns = events.of('message:sent')
  const said = new Set(turns.map(({ text }) => text))
  t.same([turns.length, said.size], [DELIVERIES, DELIVERIES], 'none was answered twice')
  t.ok(numbers.every((n) => said.has(`number ${n}`)))
  t.equal(new Set(events.of('webhook:completed').map(({ deliveryId }) => deliveryId)).size, DELIVERIES)
  t.equal(events.events.length, 2 * DELIVERIES)

  const messages: unknown[] = []
  for (let before: string | undefined; ;) {
    const page = await call('session.list', { clientId: 'webhook:many', limit: 200, before })
    messages.push(...(page.sessions as { messages: number }[]).map((session) => session.messages))
    before = page.next as string | undefined
    if (before === undefined) break
  }
  t.same(
    messages,
    numbers.map(() => 2),
    'what an attempt that was broken off had stored is there once'
  )
})
