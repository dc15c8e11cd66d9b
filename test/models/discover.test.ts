import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { discoverProviders } from '../../src/models/discover.ts'
import { startUpstream } from '../upstream/start.ts'

const nobody = { OLLAMA_HOST: '127.0.0.1:1' }

t.test('keys in the environment', async (t) => {
  t.same(await discoverProviders(nobody), {})
  const found = await discoverProviders({
    ...nobody,
    OPENAI_API_KEY: 'a',
    ANTHROPIC_API_KEY: 'b',
    GOOGLE_GENERATIVE_AI_API_KEY: 'c'
  })
  t.match(found, {
    openai: { type: 'openai', apiKey: 'a' },
    anthropic: { type: 'anthropic', apiKey: 'b' },
    google: { type: 'google', apiKey: 'c' }
  })
})

t.test('a compatible server by its address', async (t) => {
  const found = await discoverProviders({ ...nobody, OPENAI_BASE_URL: 'http://127.0.0.1:9/v1/', OPENAI_API_KEY: 'a' })
  t.match(found, { openai: { type: 'openai-compatible', baseURL: 'http://127.0.0.1:9/v1', apiKey: 'a' } })
})

t.test('an Ollama that runs', async (t) => {
  await using upstream = await startUpstream()
  for (const host of [
    upstream.url,
    upstream.url.slice('http://'.length),
    upstream.url.replace('127.0.0.1', '0.0.0.0')
  ]) {
    t.match(
      await discoverProviders({ OLLAMA_HOST: host }),
      { ollama: { type: 'ollama', baseURL: `${upstream.url}/v1` } },
      host
    )
  }
})

t.test('an address that never answers does not hold up the start', async (t) => {
  const server = createServer(() => {}).listen(0, '127.0.0.1')
  t.teardown(() => server.closeAllConnections())
  t.teardown(() => server.close())
  await once(server, 'listening')
  const startedAt = Date.now()
  t.same(await discoverProviders({ OLLAMA_HOST: `127.0.0.1:${(server.address() as AddressInfo).port}` }), {})
  t.ok(Date.now() - startedAt < 2000)
})
