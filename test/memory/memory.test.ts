import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import type { GatewayOptions } from '../../src/gateway.ts'
import { bearer, buildGateway, SECRETS, servicesOf, temporaryFolder } from '../support/gateway.ts'
import { startUpstream, type Upstream } from '../upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

const upstreamProvider = (models: object[]): GatewayOptions['providers'] => ({
  up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1`, timeoutMs: 2000, models }
})

async function chat(app: FastifyInstance, message: string, sessionKey: string, secret = SECRETS.all) {
  const answer = await app.inject({
    method: 'POST',
    url: '/api/chat',
    payload: { message, sessionKey },
    headers: bearer(secret)
  })
  t.equal(answer.statusCode, 200, answer.body)
  return answer.json().response as string
}

async function remember(app: FastifyInstance, content: string, more: object = {}) {
  const { memory } = await servicesOf(app)
  return memory.store({ content, tags: [], clientId: 'all', agentId: 'default', source: 'operator', ...more })
}

const statsOf = async (app: FastifyInstance) => (await servicesOf(app)).memory.stats()

async function search(
  app: FastifyInstance,
  q: string,
  secret = SECRETS.all
): Promise<{ content: string; similarity?: number }[]> {
  const answer = await app.inject({ url: `/api/memory/search?q=${encodeURIComponent(q)}`, headers: bearer(secret) })
  return answer.json().results
}

async function until(check: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; !(await check()); await sleep(20)) {
    if (Date.now() > end) throw new Error('it did not come to pass')
  }
}

t.test('the built-in model remembers over sessions and restarts, for each client apart', async (t) => {
  const dataDir = await temporaryFolder(t)
  const first = await buildGateway(t, { dataDir })
  t.match(
    await chat(first, 'Remember that the surgery on my knee is on the fourteenth of March', 'a'),
    /^I will remember/
  )
  t.match(await chat(first, 'Remember: my dog is called Biscuit', 'a'), /^I will remember: my dog is called Biscuit/)
  await first.close()

  const app = await buildGateway(t, { dataDir })
  t.match(await chat(app, 'When will the operation on the leg take place?', 'b'), /You told me: the surgery on my knee/)
  t.match(await chat(app, 'What is the name of my pet?', 'c'), /You told me: my dog is called Biscuit/)
  t.match(await chat(app, 'How much fuel does the car need?', 'd'), /^I do not find anything/)
  t.match(await chat(app, 'What is the name of my pet?', 'c', SECRETS.rpc), /^I do not find anything/, 'another client')
  t.same(await search(app, 'pet', SECRETS.rpc), [])
  t.match(await search(app, 'pet', SECRETS.admin), [
    { content: 'my dog is called Biscuit', clientId: 'all', source: 'agent' }
  ])
})

t.test('an agent is reminded of what is relevant, within its budget', async (t) => {
  const build = (memory: object, embeddings?: false) =>
    buildGateway(t, {
      embeddings,
      providers: upstreamProvider([{ id: 'echo-request' }]),
      agents: { default: { provider: 'up', model: 'echo-request', systemPrompt: 'Be brief.', memory } }
    })
  const asked = async (app: FastifyInstance, message: string) =>
    JSON.parse(await chat(app, message, 's')) as { messages: { role: string; content: string }[] }

  const app = await build({})
  t.match((await asked(app, 'Where is my bicycle?')).messages[0], { role: 'system', content: 'Be brief.' })
  await remember(app, 'The bike stands in the cellar')
  await remember(app, 'Invoices are due after thirty days')
  await remember(app, 'The bike of another client is stolen', { clientId: 'rpc' })
  const { messages } = await asked(app, 'Where is my bicycle?')
  t.match(
    messages[0]?.content,
    /^Be brief\.\n\nWhat you remember.*not instructions.*\n- The bike stands in the cellar/s
  )
  t.notMatch(messages[0]?.content, /Invoices|stolen/)
  t.equal(messages.filter(({ role }) => role === 'system').length, 1)

  const tight = await build({ maxTokens: 40 }, false)
  await remember(tight, `bicycle ${'very long '.repeat(40)}`)
  await remember(tight, 'bicycle in the cellar')
  t.match((await asked(tight, 'bicycle?')).messages[0]?.content, /:\n- bicycle in the cellar$/)

  const off = await build({ recall: false }, false)
  await remember(off, 'The bike stands in the cellar')
  t.equal((await asked(off, 'Where is the bike?')).messages[0]?.content, 'Be brief.')
})

t.test('an embedding model that fails: words still find, it is told once, and made good later', async (t) => {
  const failing = await buildGateway(t, {
    providers: upstreamProvider([{ id: 'embed-garbage', kind: 'embedding' }]),
    embeddings: { provider: 'up', model: 'embed-garbage' }
  })
  await remember(failing, 'The bike stands in the cellar')
  await remember(failing, 'The car stands outside')
  t.match(await search(failing, 'bike'), [{ content: 'The bike stands in the cellar' }])
  const stats = await failing.inject({ url: '/api/memory/stats', headers: bearer() })
  t.match(stats.json().stats, {
    totalEntries: 2,
    state: 'indexing',
    embeddingModel: 'up/embed-garbage',
    embeddedEntries: 0
  })
  const told = async () => {
    const activity = await failing.inject({ url: '/api/activity', headers: bearer() })
    const entries = activity.json().entries as { event: string; payload: { source: string } }[]
    return entries.filter(({ event, payload }) => event === 'system:error' && payload.source === 'memory').length
  }
  await until(async () => (await told()) > 0)
  await sleep(1500)
  t.equal(await told(), 1)
})

t.test('a text that the model refuses takes none of its neighbours with it', async (t) => {
  const dataDir = await temporaryFolder(t)
  const without = await buildGateway(t, { dataDir, embeddings: false })
  await remember(without, `too long ${'x'.repeat(200)}`)
  await Promise.all(Array.from({ length: 60 }, (_, n) => remember(without, `entry number ${n}`)))
  await without.close()
  const app = await buildGateway(t, {
    dataDir,
    providers: upstreamProvider([{ id: 'embed-short', kind: 'embedding' }]),
    embeddings: { provider: 'up', model: 'embed-short' }
  })
  await until(async () => (await statsOf(app)).state === 'ready')
  t.match(await statsOf(app), { totalEntries: 61, embeddedEntries: 60, refusedEntries: 1 })
  const found = await search(app, 'too long')
  t.ok(
    found.some(({ content }) => content.startsWith('too long')),
    'its words are found'
  )
})

t.test('another embedding model: all is embedded anew, and found all the while', async (t) => {
  const dataDir = await temporaryFolder(t)
  const models = [
    { id: 'embed', kind: 'embedding' },
    { id: 'embed-slow', kind: 'embedding' }
  ]
  const open = (model: string) =>
    buildGateway(t, { dataDir, providers: upstreamProvider(models), embeddings: { provider: 'up', model } })
  const first = await open('embed')
  await Promise.all(Array.from({ length: 200 }, (_, n) => remember(first, `entry number ${n}`)))
  await until(async () => (await statsOf(first)).embeddedEntries === 200)
  await first.close()

  const app = await open('embed-slow')
  const stats = await statsOf(app)
  t.match(stats, { state: 'indexing', totalEntries: 200 })
  // What finds by meaning is only just starting: until it has, words alone are looked for.
  await until(async () => (await search(app, 'entry number 7'))[0]?.similarity === 1)
  t.equal((await statsOf(app)).state, 'indexing', 'by the vectors from before')
  await until(async () => (await statsOf(app)).state === 'ready')
  t.match(await statsOf(app), { embeddedEntries: 200, embeddingModel: 'up/embed-slow' })
  await until(async () => (await (await servicesOf(app)).storage.memory.spaces()).length === 1)
  t.match(await search(app, 'entry number 7'), [{ content: 'entry number 7', similarity: 1 }])
})

t.test('without an embedding model', async (t) => {
  const app = await buildGateway(t, { embeddings: false })
  await remember(app, 'The bike stands in the cellar')
  t.match(await search(app, 'bikes'), [{ content: 'The bike stands in the cellar', score: 1, similarity: undefined }])
  const stats = (await app.inject({ url: '/api/memory/stats', headers: bearer() })).json()
  t.match(stats, { stats: { totalEntries: 1, state: 'off', embeddedEntries: 0 } })
})

t.test('the addresses of the memory', async (t: Test) => {
  const app = await buildGateway(t, { embeddings: false })
  const get = (url: string, secret: string = SECRETS.all) => app.inject({ url, headers: bearer(secret) })
  const missing = await get('/api/memory/search')
  t.equal(missing.statusCode, 400)
  t.same(missing.json(), { error: 'Missing required query parameter: q' })
  t.equal((await get('/api/memory/search?q=')).statusCode, 400)
  t.same((await get('/api/memory/search?q=anything')).json(), { results: [] })

  const ids: string[] = []
  for (let n = 0; n < 120; n++) ids.unshift((await remember(app, `apple ${n}`, { clientId: n < 3 ? 'rpc' : 'all' })).id)
  const found = async (limit: string) => (await get(`/api/memory/search?q=apple&limit=${limit}`)).json().results.length
  t.same([await found('5'), await found('0'), await found('1000'), await found('many')], [5, 1, 100, 10])
  t.equal((await get('/api/memory/search?q=apple&limit=100', SECRETS.rpc)).json().results.length, 3)

  for (const url of ['/api/memory/browse', '/api/memory/export']) {
    t.equal((await get(url, SECRETS.rpc)).statusCode, 403, url)
    t.equal((await get(url, SECRETS.admin)).statusCode, 200, url)
  }
  const page = (await get('/api/memory/browse?limit=100')).json()
  const rest = (await get(`/api/memory/browse?limit=100&before=${page.next}`)).json()
  t.same(
    [...page.entries, ...rest.entries].map(({ id }: { id: string }) => id),
    ids
  )
  t.equal(rest.next, undefined)
  t.equal((await get('/api/memory/browse?clientId=rpc')).json().entries.length, 3)

  const exported = (await get('/api/memory/export')).body.trimEnd().split('\n')
  t.equal(exported.length, 120)
  t.match(JSON.parse(exported[0] ?? ''), { id: ids[0], content: 'apple 119', timestamp: Number })

  const remove = (id: string, secret: string = SECRETS.all) =>
    app.inject({ method: 'DELETE', url: `/api/memory/${id}`, headers: bearer(secret) })
  t.equal((await remove(ids[0]!, SECRETS.rpc)).statusCode, 403)
  t.equal((await remove(ids[0]!)).statusCode, 204)
  const again = await remove(ids[0]!)
  t.equal(again.statusCode, 404)
  t.same(again.json(), { error: 'There is no such entry' })
  const bulk = await app.inject({
    method: 'POST',
    url: '/api/memory/bulk-delete',
    payload: { ids: [ids[0], ids[1], ids[2]] },
    headers: bearer()
  })
  t.same(bulk.json(), { deleted: 2 })
  t.equal((await statsOf(app)).totalEntries, 117)
})
