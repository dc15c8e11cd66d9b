import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { bearer, buildGateway, listenGateway, SECRETS, temporaryFolder } from '../support/gateway.ts'
import { connect } from '../support/socket.ts'
import { waitUntil, watch } from '../support/watch.ts'
import { startUpstream } from '../upstream/start.ts'

/** The samples of a text in Prometheus' format, by name and labels as they stand there. */
function samples(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

async function serve(t: Test, gateway: object = {}) {
  const upstream = await startUpstream()
  t.teardown(() => upstream.stop())
  const { url } = await listenGateway(t, {
    gateway,
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: { default: { provider: 'up', model: 'words' }, loose: { provider: 'up', model: 'status-500' } }
  })
  const read = async () => {
    const response = await fetch(`${url}/metrics`, { headers: bearer() })
    t.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
    return samples(await response.text())
  }
  const post = async (path: string, body: object) => {
    const headers = { ...bearer(), 'content-type': 'application/json' }
    const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
    return response.text()
  }
  return { url, read, post }
}

t.test('turns, tokens and requests are counted, by route and not by address', async (t) => {
  const { url, read, post } = await serve(t)
  await post('/api/chat', { message: 'one two three' })
  await post('/api/chat', { message: 'x', agentId: 'loose' })
  await fetch(`${url}/api/turns/secret-in-address`, { method: 'DELETE', headers: bearer() })
  await fetch(`${url}/nowhere/secret-in-address?token=secret-in-query`)
  await fetch(`${url}/health`)
  const found = await read()
  const words = 'agent="default",provider="up",model="words"'
  t.equal(found.get(`comis_turns_total{${words},finish_reason="stop"}`), 1)
  t.ok((found.get(`comis_tokens_total{${words},direction="input"}`) ?? 0) > 0)
  t.ok((found.get(`comis_tokens_total{${words},direction="output"}`) ?? 0) > 0)
  t.equal(found.get('comis_turn_duration_seconds_count{provider="up",model="words"}'), 1)
  t.equal(found.get('comis_turn_first_token_seconds_count{provider="up",model="words"}'), 1)
  t.equal(found.get('comis_turns_total{agent="loose",provider="none",model="none",finish_reason="error"}'), 1)
  t.equal(found.get('comis_http_requests_total{method="POST",route="/api/chat",status="2xx"}'), 1)
  t.equal(found.get('comis_http_requests_total{method="DELETE",route="/api/turns/:id",status="4xx"}'), 1)
  t.equal(found.get('comis_provider_up{provider="up"}'), 0, 'its last call failed')
  t.equal(found.get('comis_provider_breaker_open{provider="up"}'), 0)
  t.equal(found.get('comis_queue_length{queue="turns"}'), 0)
  t.equal(found.get('comis_queue_length{queue="deliveries"}'), 0)
  const text = [...found.keys()].join('\n')
  t.notMatch(text, /secret-in|\/health|127\.0\.0\.1/)
  for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'process_open_fds']) {
    t.ok((found.get(name) ?? 0) > 0, name)
  }
})

t.test('a name that a client made up makes no series', async (t) => {
  const { read, post } = await serve(t)
  const chat = (model: string) => post('/v1/chat/completions', { model, messages: [{ role: 'user', content: 'hi' }] })
  for (const n of [1, 2, 3]) await chat(`up/words-${n}`)
  await chat('up/words')
  const models = [...(await read()).keys()].filter((key) => key.startsWith('comis_turns_total'))
  t.same(models.toSorted(), [
    'comis_turns_total{agent="none",provider="up",model="other",finish_reason="stop"}',
    'comis_turns_total{agent="none",provider="up",model="words",finish_reason="stop"}'
  ])
})

t.test('what is open is told as long as it is', async (t) => {
  const { url, read } = await serve(t)
  const events = await watch(t, url)
  const socket = await connect(t, url)
  const open = async () => {
    const found = await read()
    return ['sse_streams_open', 'event_readers', 'websockets_open'].map((name) => found.get(`comis_${name}`)).join()
  }
  t.equal(await open(), '1,1,1')
  await events.leave()
  socket.ws.close()
  await waitUntil(async () => (await open()) === '0,0,0')
  t.notMatch([...(await read()).keys()].join('\n'), /duration_seconds_count\{[^}]*events/, 'its length is no latency')
})

t.test('a token of the scraper’s own opens it and nothing else', async (t) => {
  const token = 'scrape-0123456789-0123456789-0123456789'
  const file = join(await temporaryFolder(t), 'token')
  await writeFile(file, `${token}\n`, { mode: 0o600 })
  for (const secret of [token, { file }]) {
    const app = await buildGateway(t, { gateway: { metrics: { token: secret } } })
    const status = async (url: string, by?: string) =>
      (await app.inject({ url, headers: by ? bearer(by) : {} })).statusCode
    t.same(
      [
        await status('/metrics', token),
        await status('/metrics', SECRETS.admin),
        await status('/metrics', SECRETS.rpc),
        await status('/metrics', `${token}x`),
        await status('/metrics')
      ],
      [200, 200, 403, 401, 401]
    )
    for (const url of ['/api/agents', '/v1/models', '/media', '/ws', '/api/events']) {
      t.equal(await status(url, token), 401, url)
    }
    const call = { jsonrpc: '2.0', id: 1, method: 'system.ping' }
    t.equal((await app.inject({ method: 'POST', url: '/rpc', headers: bearer(token), payload: call })).statusCode, 401)
    t.equal(await status(`/metrics?token=${token}`), 401, 'it is for the header alone')
  }
  await t.rejects(
    buildGateway(t, { gateway: { metrics: { token: 'short' } } }),
    /gateway\.metrics\.token.*32 characters/
  )
  const short = join(await temporaryFolder(t), 'short')
  await writeFile(short, 'short', { mode: 0o600 })
  const app = buildGateway(t, { gateway: { metrics: { token: { file: short } } } })
  await t.rejects(
    app.then((built) => built.ready()),
    /gateway\.metrics\.token.*32 characters/
  )
})

t.test('who may read it; two gateways count apart', async (t) => {
  const status = async (metrics: 'public' | 'token' | 'off', secret?: string) => {
    const app = await buildGateway(t, { gateway: { metrics } })
    return (await app.inject({ url: '/metrics', headers: secret ? bearer(secret) : {} })).statusCode
  }
  t.same(
    [await status('token'), await status('token', SECRETS.rpc), await status('token', SECRETS.admin)],
    [401, 403, 200]
  )
  t.equal(await status('public'), 200)
  t.equal(await status('off', SECRETS.admin), 404)
  const [one, other] = [await buildGateway(t, { prefix: '/one' }), await buildGateway(t)]
  await one.inject({ url: '/one/api/agents', headers: bearer() })
  t.match((await one.inject({ url: '/one/metrics', headers: bearer() })).body, 'route="/one/api/agents"')
  t.notMatch((await other.inject({ url: '/metrics', headers: bearer() })).body, '/api/agents')
})
