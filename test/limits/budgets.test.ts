import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { GatewayOptions } from '../../src/gateway.ts'
import { bearer, buildGateway, listenGateway, temporaryFolder } from '../support/gateway.ts'
import { caller } from '../support/socket.ts'
import { askOver, SURFACES } from '../support/surfaces.ts'
import { watch } from '../support/watch.ts'

const ADMIN = 'admin-of-limits-0123456789-0123456789-01234'
const KEY = 'key-of-limits-0123456789-0123456789-0123456'
const PEER = 'peer-of-limits-0123456789-0123456789-012345'
const DAY_MS = 86_400_000

const limited = (...limits: object[]): GatewayOptions => ({
  gateway: {
    tokens: [
      { id: 'boss', secret: ADMIN, scopes: ['*'] },
      ...limits.map((limit, index) => ({
        id: ['key', 'peer'][index] as string,
        secret: [KEY, PEER][index],
        scopes: ['*' as const],
        ...limit
      }))
    ],
    rateLimit: { maxRequests: 1_000_000 }
  },
  agents: { default: { provider: 'builtin', model: 'echo', memory: { recall: false } } },
  embeddings: false
})
/** What three words come to, read and written. */
const TURN = 6

interface Listed {
  id: string
  budget: { spent: number; left: number; resetsAt: number }
}

async function budgetOf(url: string, id = 'key'): Promise<Listed['budget']> {
  const { tokens } = (await caller(url, ADMIN)('tokens.list')).result as { tokens: Listed[] }
  const found = tokens.find((token) => token.id === id)
  if (!found) throw new Error('not listed')
  return found.budget
}

const midnight = () => (Math.floor(Date.now() / DAY_MS) + 1) * DAY_MS

t.test('a budget is used up by any surface, and each tells so in its own form', async (t) => {
  for (const surface of SURFACES) {
    const { url } = await listenGateway(t, limited({ budget: { tokens: 10, per: 'day' } }))
    const ask = askOver(t, url, KEY)[surface]
    t.equal((await ask()).code, 'ok', surface)
    t.same(await budgetOf(url), { tokens: 10, per: 'day', spent: TURN, left: 4, resetsAt: midnight() }, surface)
    t.equal((await ask()).code, 'ok', `${surface}: something was left`)
    const refused = await ask()
    t.match(refused.text, /budget "client:key" of 10 tokens per day is spent; it resets at \d{4}-/, surface)
    t.match(
      refused.code,
      surface.startsWith('completions') || surface.startsWith('responses') ? 'insufficient_quota' : 'budget_exceeded'
    )
    if (refused.headers) {
      t.equal(refused.status, 429, surface)
      t.match(refused.headers.get('x-should-retry'), 'false')
      t.match(refused.headers.get('x-budget-remaining'), '0')
    }
    if (surface !== 'responsesSocket') {
      const left = (midnight() - Date.now()) / 1000
      t.ok(Math.abs((refused.retryAfter ?? 0) - left) < 30, `${surface}: Retry-After`)
    }
    t.equal((await askOver(t, url, ADMIN)[surface]()).code, 'ok', 'another token')
  }
})

t.test('what is spent outlives a restart, and settles with the turn', async (t) => {
  const dataDir = await temporaryFolder(t)
  const options = { ...limited({ budget: { tokens: 10, per: 'week' } }), dataDir }
  const app = await buildGateway(t, options)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  await askOver(t, url, KEY).chat()
  await askOver(t, url, KEY).completions()
  await app.close()
  const again = await listenGateway(t, options)
  t.match(await budgetOf(again.url), { spent: 2 * TURN, left: 0 })
  t.equal((await askOver(t, again.url, KEY).chat()).code, 'budget_exceeded')
  const { resetsAt } = await budgetOf(again.url)
  t.equal(new Date(resetsAt).getUTCDay(), 1, 'a week begins on Monday')
  t.ok(resetsAt > Date.now() && resetsAt - Date.now() <= 7 * DAY_MS && resetsAt % DAY_MS === 0)
})

t.test('tokens of a group share a budget; it is told at 80 and at 100 percent, once each', async (t) => {
  const budget = { tokens: 30, per: 'month', group: 'team' }
  const { url } = await listenGateway(t, limited({ budget }, { budget }))
  const seen = await watch(t, url, { secret: ADMIN, query: '?types=observability:budget' })
  const asks = [askOver(t, url, KEY), askOver(t, url, PEER)]
  for (let turn = 0; turn < 5; turn++) t.equal((await asks[turn % 2]?.chat())?.code, 'ok')
  for (const ask of asks)
    t.match(await ask.chat(), { code: 'budget_exceeded', text: /"group:team" of 30 tokens per month/ })
  t.match(await budgetOf(url, 'peer'), { spent: 30, left: 0, group: 'team' })
  await seen.until(2)
  await sleep(50)
  t.match(seen.of('observability:budget'), [
    { budget: 'group:team', percent: 80, tokens: 30, per: 'month', spent: 24, left: 6, clientId: 'peer' },
    { budget: 'group:team', percent: 100, spent: 30, left: 0, clientId: 'key' }
  ])
})

t.test('a budget is changed while the gateway runs, for all of its group', async (t) => {
  const budget = { tokens: 6, per: 'day', group: 'team' }
  const { url } = await listenGateway(t, limited({ budget }, { budget }))
  const rpc = caller(url, ADMIN)
  const [ask, peer] = [askOver(t, url, KEY).chat, askOver(t, url, PEER).chat]
  await ask()
  t.equal((await peer()).code, 'budget_exceeded')
  t.same((await rpc('tokens.update', { id: 'key', budget: { ...budget, tokens: 12 } })).result, {
    id: 'key',
    budget: { ...budget, tokens: 12 }
  })
  t.equal((await peer()).code, 'ok')
  t.equal((await ask()).code, 'budget_exceeded')
  t.match((await rpc('tokens.update', { id: 'key', budget: null })).result, { id: 'key' })
  t.equal((await ask()).code, 'ok', 'no limit any more')
  t.equal((await peer()).code, 'budget_exceeded', 'the other one has it still')
  t.match((await rpc('tokens.update', { id: 'key', budget: { per: 'day' } })).error, { code: -32_602 })
  t.match((await rpc('tokens.update', { id: 'nobody', models: [] })).error, { data: { code: 'not_found' } })
})

t.test('groups with several budgets, and budgets that are none, stop the start', async (t) => {
  const start = async (...limits: object[]) => (await buildGateway(t, limited(...limits))).ready()
  const group = 'team'
  await t.rejects(
    start({ budget: { tokens: 6, per: 'day', group } }, { budget: { tokens: 7, per: 'day', group } }),
    /gateway\.tokens\.2\.budget: the group "team" has another budget by "key"/
  )
  await t.rejects(start({ budget: { per: 'day' } }), /gateway\.tokens\.1\.budget: expected either `usd` or `tokens`/)
  await t.rejects(start({ budget: { usd: 1, tokens: 1, per: 'day' } }), /expected either/)
  await t.rejects(start({ budget: { usd: 1, per: 'year' } }), /budget\.per/)
  await t.rejects(start({ models: ['no-slash'] }), /models\.0/)
})

async function madeKey(t: Test, options: object) {
  const dataDir = await temporaryFolder(t)
  const app = await buildGateway(t, { ...limited(), dataDir })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const { result } = await caller(url, ADMIN)('tokens.create', { id: 'made', scopes: ['api', 'rpc'], ...options })
  return { app, url, dataDir, secret: result.secret as string }
}

t.test('a token that is made at run time keeps its limits over rotation and restart', async (t) => {
  const limits = {
    agents: ['default'],
    models: ['builtin/*'],
    rateLimit: { windowMs: 60_000, maxRequests: 50 },
    tokensPerMinute: 1_000_000,
    budget: { tokens: 10, per: 'day' }
  }
  const { app, url, dataDir, secret } = await madeKey(t, limits)
  t.equal((await askOver(t, url, secret).completions()).code, 'ok')
  const rotated = (await caller(url, ADMIN)('tokens.rotate', { id: 'made', graceSeconds: 0 })).result
  t.match(rotated, limits)
  t.equal((await askOver(t, url, rotated.secret).completions()).code, 'ok')
  await app.close()
  const again = await listenGateway(t, { ...limited(), dataDir })
  t.match(await budgetOf(again.url, 'made'), { spent: 2 * TURN, left: 0 })
  const refused = await askOver(t, again.url, rotated.secret).completions()
  t.equal(refused.code, 'insufficient_quota')
  t.equal(refused.headers?.get('ratelimit-limit'), '50')
  const rpc = caller(again.url, ADMIN)
  await rpc('tokens.revoke', { id: 'made' })
  const fresh = (await rpc('tokens.create', { id: 'made', scopes: ['api'] })).result
  t.equal((await askOver(t, again.url, fresh.secret).completions()).code, 'ok', 'a new one has what it is given')
})

t.test('embeddings are paid from it too', async (t) => {
  const options = limited({ budget: { tokens: 3, per: 'day' } })
  const { url } = await listenGateway(t, { ...options, embeddings: undefined })
  const embed = () =>
    fetch(`${url}/v1/embeddings`, {
      method: 'POST',
      headers: { ...bearer(KEY), 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'offline/embeddings-en', input: 'some words to look for' })
    })
  const first = await embed()
  const { usage } = (await first.json()) as { usage: { total_tokens: number } }
  t.match(await budgetOf(url), { spent: usage.total_tokens })
  const refused = await embed()
  t.equal(refused.status, 429)
  t.match(await refused.json(), { error: { type: 'insufficient_quota', code: 'insufficient_quota' } })
})
