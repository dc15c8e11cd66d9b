import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import t from 'tap'
import { bearer, listenGateway, SECRETS, servicesOf, temporaryFolder, TOKENS } from '../support/gateway.ts'
import { waitUntil, watch } from '../support/watch.ts'
import { startUpstream } from '../upstream/start.ts'

const echo = { agents: { default: { provider: 'builtin', model: 'echo' } } }

async function chat(url: string, body: object, secret = SECRETS.all): Promise<{ status: number; response: string }> {
  const answer = await fetch(`${url}/api/chat`, {
    method: 'POST',
    headers: { ...bearer(secret), 'content-type': 'application/json' },
    body: JSON.stringify(body)
  })
  return { status: answer.status, ...((await answer.json()) as { response: string }) }
}

async function get(url: string, headers: Record<string, string> = bearer()): Promise<number> {
  const answer = await fetch(url, { headers })
  await answer.body?.cancel()
  return answer.status
}

t.test('a turn tells what came in, what was said and what it used', async (t) => {
  await using upstream = await startUpstream()
  const models = [{ id: 'words', price: { input: 3, output: 15 } }, { id: 'crlf' }]
  const { url } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1`, models } },
    agents: { default: { provider: 'up', model: 'words' }, free: { provider: 'up', model: 'crlf' } }
  })
  const seen = await watch(t, url)
  await chat(url, { message: 'hello there', sessionKey: 's' }, SECRETS.rpc)
  await seen.until(() => seen.of('observability:token_usage').length === 1)
  const place = { turnId: /^turn_/, clientId: 'rpc', agentId: 'default', sessionKey: 's' }
  t.same(seen.of('session:created'), [{ sessionKey: 's', clientId: 'rpc', agentId: 'default' }])
  t.match(seen.of('message:received'), [{ ...place, text: 'hello there', length: 11 }])
  t.match(seen.of('message:sent'), [{ ...place, text: 'hello there', length: 11, finishReason: 'stop' }])
  const pieces = seen.of('message:streaming')
  t.equal(pieces.map(({ delta }) => delta).join(''), 'hello there')
  t.match(pieces[0], place)
  const [used = {}] = seen.of('observability:token_usage')
  t.match(used, { ...place, provider: 'up', model: 'words', finishReason: 'stop', durationMs: Number })
  const { input, output, total, costUsd } = used as Record<string, number>
  if (!input || !output) throw new Error('the upstream counts what it reads and writes')
  t.equal(total, input + output)
  t.equal(costUsd, (input * 3 + output * 15) / 1_000_000)

  await chat(url, { message: 'again', sessionKey: 's' }, SECRETS.rpc)
  await chat(url, { message: 'x'.repeat(3000), sessionKey: 'long', agentId: 'free' })
  await seen.until(() => seen.of('observability:token_usage').length === 3)
  t.same(
    seen.of('session:created').map(({ sessionKey }) => sessionKey),
    ['s', 'long'],
    'a session is created once'
  )
  t.equal(seen.of('observability:token_usage')[2]?.costUsd, undefined, 'what has no price')
  const long = seen.of('message:received')[2] as Record<string, unknown>
  t.match(long, { truncated: true, length: 3000 })
  t.equal(String(long.text).length, 1000, 'a journal is no second copy of all conversations')

  const body = JSON.stringify({ model: 'up/words', messages: [{ role: 'user', content: 'not kept' }] })
  const headers = { ...bearer(SECRETS.api), 'content-type': 'application/json' }
  await (await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body })).text()
  await seen.until(() => seen.of('observability:token_usage').length === 4)
  t.match(seen.of('observability:token_usage')[3], { clientId: 'api', model: 'words', costUsd: Number })
  for (const type of ['message:received', 'message:sent']) {
    const told = seen.of(type)[3]
    t.match(told, { clientId: 'api' })
    t.notMatch(told, { text: String }, `${type} of what is not kept`)
    t.notMatch(told, { agentId: String })
  }
})

t.test('a session that is idle expires: it starts anew, and its history stays', async (t) => {
  await using upstream = await startUpstream()
  const { url } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: { default: { provider: 'up', model: 'echo-request', memory: { recall: false } } },
    sessions: { idleMinutes: 0.01 }
  })
  const seen = await watch(t, url, { query: '?types=session:*' })
  const first = await chat(url, { message: 'the first thing', sessionKey: 's' })
  t.match(first.response, /the first thing/)
  const second = await chat(url, { message: 'the second thing', sessionKey: 's' })
  t.match(second.response, /the first thing/, 'it goes on')
  await seen.until(() => seen.of('session:expired').length === 1)
  t.same(seen.of('session:expired'), [{ sessionKey: 's', clientId: 'all', agentId: 'default', idleMinutes: 0.01 }])
  const third = await chat(url, { message: 'the third thing', sessionKey: 's' })
  t.match(third.response, /the third thing/)
  t.notMatch(third.response, /the first thing|the second thing/, 'the model is not given what was before')
  t.equal(seen.of('session:created').length, 2)
  const answer = await fetch(`${url}/api/chat/history?channelId=s`, { headers: bearer() })
  const { messages } = (await answer.json()) as { messages: { role: string; content: string }[] }
  t.same(
    messages.filter(({ role }) => role === 'user').map(({ content }) => content),
    ['the first thing', 'the second thing', 'the third thing']
  )
  await seen.until(() => seen.of('session:expired').length === 2)
  t.equal(seen.of('session:expired').length, 2, 'once each time')
})

t.test('a provider that fails is told once, and once more when it works again', async (t) => {
  await using upstream = await startUpstream()
  const { url } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: Object.fromEntries(
      ['words', 'status-500', 'status-400', 'reset'].map((model) => [model, { provider: 'up', model }])
    )
  })
  const seen = await watch(t, url)
  const ask = (agentId: string) => chat(url, { message: 'hi', agentId })
  await ask('words')
  t.equal((await ask('status-400')).status >= 400, true)
  await seen.until(() => seen.of('system:error').length === 1)
  t.same(seen.of('provider:degraded'), [], 'a request that was wrong is no fault of the provider')
  t.equal((await ask('status-500')).status, 502)
  t.equal((await ask('reset')).status, 502)
  await seen.until(() => seen.of('system:error').length === 3)
  t.match(seen.of('provider:degraded'), [{ provider: 'up', reason: 'provider_failed', message: String }])
  t.equal(seen.of('provider:degraded').length, 1)
  t.same(seen.of('provider:recovered'), [])
  t.match(seen.of('system:error')[1], {
    source: 'turn',
    code: 'provider_failed',
    agentId: 'status-500',
    clientId: 'all'
  })
  await ask('words')
  await ask('words')
  await seen.until(() => seen.of('observability:token_usage').length >= 3)
  await seen.until(() => seen.of('provider:recovered').length === 1)
  t.match(seen.of('provider:recovered'), [{ provider: 'up', degradedMs: Number }])
})

t.test('an error that nobody expected is told without its own words', async (t) => {
  const { url } = await listenGateway(t, {
    ...echo,
    extend(scope) {
      scope.get('/broken', async () => {
        throw new Error('a path /home/somebody and a secret')
      })
    }
  })
  const seen = await watch(t, url)
  t.equal(await get(`${url}/broken`), 500)
  await seen.until(1)
  t.match(seen.of('system:error'), [{ source: 'http', code: 'internal', requestId: String, message: String }])
  t.notMatch(seen.events[0]?.data, /somebody|secret/)
})

t.test('a start with another configuration tells which keys differ, and no value', async (t) => {
  const dataDir = await temporaryFolder(t)
  const provider = { type: 'openai-compatible' as const, baseURL: 'http://127.0.0.1:1/v1' }
  const SECRET = 'sk-never-to-be-seen-0123456789'
  const PASSWORD = 'a-password-in-an-address'
  const proxied = { ...provider, baseURL: `http://user:${PASSWORD}@127.0.0.1:1/v1?key=${PASSWORD}` }
  const before = { ...echo, dataDir, providers: { up: { ...provider, apiKey: SECRET }, proxied } }
  const first = await listenGateway(t, before)
  await servicesOf(first.app)
  await first.app.close()
  const same = await listenGateway(t, before)
  await same.app.close()
  const TOKEN = 'one-more-token-0123456789-0123456789-0123456789'
  const { url } = await listenGateway(t, {
    ...before,
    sessions: { idleMinutes: 5 },
    providers: { up: { ...provider, apiKey: `${SECRET}-new`, timeoutMs: 1234 }, proxied },
    gateway: { tokens: [...TOKENS, { id: 'more', secret: TOKEN, scopes: ['rpc'] }], stallMs: 777 }
  })
  const seen = await watch(t, url, { lastEventId: '0' })
  await seen.until(1)
  t.equal(seen.of('config:patched').length, 1, 'the same configuration is no change')
  const asClient = await watch(t, url, { lastEventId: '0', secret: SECRETS.rpc })
  await chat(url, { message: 'hello' }, SECRETS.rpc)
  await asClient.until(() => asClient.of('message:sent').length === 1)
  t.same(asClient.of('config:patched'), [], 'it is for admins')
  const [{ source, paths } = {}] = seen.of('config:patched')
  t.equal(source, 'start')
  t.same((paths as string[]).toSorted(), [
    'gateway.stallMs',
    'gateway.tokens',
    'providers.up.timeoutMs',
    'sessions.idleMinutes'
  ])
  t.notMatch(JSON.stringify(seen.events), new RegExp(`777|1234|${SECRET}|${PASSWORD}`))
  const db = new DatabaseSync(join(dataDir, 'gateway.db'), { readOnly: true })
  const starts = db.prepare('SELECT config FROM config_versions ORDER BY seq').all() as { config: string }[]
  db.close()
  t.equal(starts.length, 2)
  const secrets = [SECRET, PASSWORD, TOKEN, ...Object.values(SECRETS)]
  for (const { config } of starts) for (const secret of secrets) t.equal(config.includes(secret), false)
})

t.test('requests that were refused are told, and a flood of them as a count', async (t) => {
  const dataDir = await temporaryFolder(t)
  const { app, url } = await listenGateway(t, { ...echo, dataDir, gateway: { rateLimit: { maxRequests: 20 } } })
  const seen = await watch(t, url, { query: '?types=security:*' })
  const wrong = bearer('wrong-0123456789-0123456789-0123456789')
  t.equal(await get(`${url}/api/agents`, {}), 401)
  for (let n = 0; n < 5; n++) t.equal(await get(`${url}/api/agents?q=private`, wrong), 401)
  await seen.until(1)
  t.same(seen.of('security:warn'), [{ reason: 'invalid_token', count: 1, address: '127.0.0.1', path: '/api/agents' }])
  t.equal(await get(`${url}/api/agents`, bearer(SECRETS.mcp)), 403)
  await seen.until(2)
  t.match(seen.of('security:warn')[1], { reason: 'insufficient_scope', clientId: 'mcp' })
  let limited = 0
  for (let n = 0; n < 30; n++) if ((await get(`${url}/api/agents`, bearer(SECRETS.rpc))) === 429) limited++
  t.equal(limited, 10)
  await seen.until(3)
  t.match(seen.of('security:warn')[2], { reason: 'rate_limited', clientId: 'rpc', count: 1 })
  await app.close()
  await seen.ended

  const again = await listenGateway(t, { ...echo, dataDir })
  const whole = await watch(t, again.url, { lastEventId: String(seen.ids().at(-1)), query: '?types=security:*' })
  await whole.until(2)
  t.match(
    whole.of('security:warn').map(({ reason, count }) => [reason, count]),
    [
      ['invalid_token', 4],
      ['rate_limited', 9]
    ],
    'what repeated is told as a count, and not one by one'
  )
  t.notMatch(JSON.stringify([...seen.events, ...whole.events]), /private|wrong-/)
})

t.test('channels that a host brings are listed and told', async (t) => {
  const { app, url } = await listenGateway(t, {
    ...echo,
    channels: { telegram: { name: 'Our group' }, discord: {}, email: { enabled: false } }
  })
  const { channels } = await servicesOf(app)
  const seen = await watch(t, url, { query: '?types=channel:*' })
  const list = async () => {
    const answer = await fetch(`${url}/api/channels`, { headers: bearer(SECRETS.rpc) })
    return ((await answer.json()) as { channels: object[] }).channels
  }
  const telegram = { type: 'telegram', name: 'Our group', enabled: true }
  const discord = { type: 'discord', name: 'discord', enabled: true, status: 'unavailable' }
  t.same(await list(), [{ ...telegram, status: 'unavailable' }, discord])
  const remove = channels.register({ type: 'telegram', status: () => 'connected', lastMessageAt: () => 123 })
  channels.register({ type: 'sms', name: 'Texts', status: () => 'connecting' })
  t.same(await list(), [
    { ...telegram, status: 'connected', uptime: 0, lastMessageAt: 123 },
    discord,
    { type: 'sms', name: 'Texts', enabled: true, status: 'connecting', uptime: 0 }
  ])
  t.throws(
    () => channels.register({ type: 'telegram', status: () => 'error' }),
    /There is a channel "telegram" already/
  )
  channels.register({ type: 'email', status: () => 'error' })
  remove()
  remove()
  t.same((await list())[0], { ...telegram, status: 'unavailable' })
  await seen.until(4)
  t.same(
    seen.events.map(({ event, data }) => [event, JSON.parse(data)]),
    [
      ['channel:registered', { type: 'telegram', name: 'Our group' }],
      ['channel:registered', { type: 'sms', name: 'Texts' }],
      ['channel:registered', { type: 'email', name: 'email' }],
      ['channel:deregistered', { type: 'telegram', name: 'Our group' }]
    ]
  )
  t.equal(await get(`${url}/api/channels`, bearer(SECRETS.api)), 403)
})

t.test('activity is the newest of the journal, oldest first, also after a restart', async (t) => {
  const dataDir = await temporaryFolder(t)
  const first = await listenGateway(t, { ...echo, dataDir })
  const { events, storage } = await servicesOf(first.app)
  for (let n = 1; n <= 120; n++) events.emit('agent:hot_added', { agentId: `a${n}` })
  await chat(first.url, { message: 'a secret', sessionKey: 's' })
  await waitUntil(async () => (await storage.events.bounds()).last === 124)
  await first.app.close()

  const { url } = await listenGateway(t, { ...echo, dataDir })
  interface Activity {
    entries: { id: number; event: string; payload: { agentId?: string }; timestamp: number }[]
    count: number
  }
  async function activity(query = '', secret = SECRETS.all): Promise<Activity> {
    const answer = await fetch(`${url}/api/activity${query}`, { headers: bearer(secret) })
    return (await answer.json()) as Activity
  }
  const lengths: [string, number][] = [
    ['', 50],
    ['?limit=-1', 1],
    ['?limit=0', 1],
    ['?limit=7', 7],
    ['?limit=1000', 100],
    ['?limit=abc', 50]
  ]
  for (const [query, length] of lengths) {
    const { entries, count } = await activity(query)
    t.same([entries.length, count], [length, length], query)
    t.same(
      entries.map(({ id }) => id),
      Array.from({ length }, (_, n) => 124 - length + n + 1),
      'oldest first'
    )
  }
  const { entries } = await activity('?limit=5')
  t.same(
    entries.map(({ event }) => event),
    ['agent:hot_added', 'session:created', 'message:received', 'message:sent', 'observability:token_usage']
  )
  t.same(entries[0]?.payload, { agentId: 'a120' })
  t.ok(Math.abs((entries[0]?.timestamp ?? 0) - Date.now()) < 60_000)
  const others = await activity('?limit=5', SECRETS.rpc)
  t.same(
    others.entries.map(({ event }) => event),
    Array<string>(5).fill('agent:hot_added'),
    'what is another client’s is not there'
  )
  t.equal(await get(`${url}/api/activity`, bearer(SECRETS.api)), 403)
})

t.test('a burst is told whole', async (t) => {
  const { app, url } = await listenGateway(t, echo)
  const { events } = await servicesOf(app)
  const seen = await watch(t, url, { query: '?types=agent:*' })
  for (let n = 0; n < 20_000; n++) events.emit('agent:hot_added', { agentId: `a${n}` })
  await seen.until(() => seen.of('agent:hot_added').length === 20_000)
  t.ok(seen.of('agent:hot_added').every(({ agentId }, n) => agentId === `a${n}`))
})
