import t, { type Test } from 'tap'
import { listenGateway, SECRETS, temporaryFolder } from '../../support/gateway.ts'
import { connect, type Message, post } from '../../support/socket.ts'
import { startUpstream, type Upstream } from '../../upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

async function open(t: Test, model: string | false, dataDir: string, baseURL = `${upstream.url}/v1`) {
  const { url, app } = await listenGateway(t, {
    dataDir,
    providers: { up: { type: 'openai-compatible', baseURL, timeoutMs: 1000 } },
    embeddings: model === false ? false : { provider: 'up', model }
  })
  const call = async (method: string, params: object = {}) =>
    (await post(url, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }), SECRETS.admin)).json as Message
  const remember = async (content: string) => ((await call('memory.store', { content })).result as { id: string }).id
  return { url, app, call, remember }
}

t.test('an entry with what is known of how it is found', async (t) => {
  const dataDir = await temporaryFolder(t)
  const without = await open(t, false, dataDir)
  const id = await without.remember('too long '.repeat(30))
  t.match((await without.call('memory.inspect', { id })).result, {
    entry: { id, content: /^too long/, source: 'operator', timestamp: Number },
    embedding: { state: 'off' }
  })
  t.match((await without.call('memory.inspect', { id: 'mem_no' })).error, { data: { code: 'not_found' } })
  t.same((await without.call('memory.flush')).result, { embedded: 0, refused: 0, state: 'off' })
  await without.app.close()

  const { call, remember } = await open(t, 'embed-short', dataDir)
  const short = await remember('short')
  t.same((await call('memory.flush')).result, { embedded: 1, refused: 1, state: 'ready' })
  const state = async (id: string) => ((await call('memory.inspect', { id })).result as { embedding: object }).embedding
  t.same(await state(short), { state: 'embedded', model: 'up/embed-short', dimensions: 8 })
  t.same(await state(id), { state: 'refused', model: 'up/embed-short', dimensions: 8 })
  t.same((await call('memory.flush')).result, { embedded: 1, refused: 1, state: 'ready' }, 'and again')
})

t.test('a flush waits until all have their vectors', async (t) => {
  const dataDir = await temporaryFolder(t)
  const without = await open(t, false, dataDir)
  const ids = await Promise.all(Array.from({ length: 300 }, (_, n) => without.remember(`entry number ${n}`)))
  await without.app.close()
  const { call } = await open(t, 'embed-slow', dataDir)
  const last = { id: ids.at(-1) }
  t.match((await call('memory.inspect', last)).result, { embedding: { state: 'waiting' } })
  t.same((await call('memory.flush')).result, { embedded: 300, refused: 0, state: 'ready' })
  t.match((await call('memory.inspect', last)).result, { embedding: { state: 'embedded' } })
})

t.test('a model that cannot be asked is the error, and each flush tries anew', async (t) => {
  const failing = async (model: string, error: object, baseURL?: string) => {
    const { call, remember } = await open(t, model, await temporaryFolder(t), baseURL)
    await remember('anything')
    for (let n = 0; n < 3; n++) {
      const startedAt = performance.now()
      t.match((await call('memory.flush')).error, { code: -32_000, ...error }, model)
      t.ok(performance.now() - startedAt < 3000)
    }
    t.match((await call('memory.stats')).result, { stats: { state: 'indexing', embeddedEntries: 0 } })
  }
  await failing('embed', { data: { code: 'provider_failed' }, message: /connection/ }, 'http://127.0.0.1:1/v1')
  await failing('status-401', { data: { code: 'provider_refused' } })
  await failing('embed-silent', { data: { code: 'provider_timeout' } })
})

t.test('who cancels a flush waits no longer', async (t) => {
  const { url, remember } = await open(t, 'embed-silent', await temporaryFolder(t))
  const socket = await connect(t, url)
  await upstream.reset()
  const stored = remember('anything')
  await upstream.waitFor(({ path }) => path === '/v1/embeddings')
  socket.send({ jsonrpc: '2.0', id: 'flush', method: 'memory.flush' })
  await socket.call('rpc.cancel', { id: 'flush' })
  const answer = () => socket.messages.flat().find(({ id }) => id === 'flush')
  await socket.until(() => answer() !== undefined)
  t.match(answer(), { error: { code: -32_000, data: { code: 'aborted' } } })
  await stored
})
