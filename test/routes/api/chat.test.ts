import t from 'tap'
import { bearer, buildGateway, listenGateway, SECRETS } from '../../support/gateway.ts'
import { startUpstream } from '../../upstream/start.ts'

const echo = { agents: { default: { provider: 'builtin', model: 'echo' } } }
const post = (payload: object, secret?: string) => ({
  method: 'POST' as const,
  url: '/api/chat',
  payload,
  headers: bearer(secret)
})

t.test('an answer, and the conversation it belongs to', async (t) => {
  const app = await buildGateway(t, echo)
  const answer = await app.inject(post({ message: 'one two three' }))
  t.equal(answer.statusCode, 200)
  const { sessionKey, turnId, ...rest } = answer.json()
  t.same(rest, {
    response: 'one two three',
    tokensUsed: { input: 3, output: 3, total: 6 },
    finishReason: 'stop',
    sessionId: sessionKey
  })
  t.match(sessionKey, /^s_[\w-]{16}$/)
  t.equal(answer.headers['x-turn-id'], turnId)
})

t.test('a model answers in place of the agent’s own, in the same conversation', async (t) => {
  const app = await buildGateway(t, { agents: { default: { systemPrompt: 'You are brief.' } } })
  const ask = async (message: string, model?: string) =>
    (await app.inject(post({ message, sessionKey: 's', model }))).json().response as string
  t.match(await ask('My bicycle is turquoise.', 'builtin/recall'), /Noted/)
  t.equal(await ask('What colour is my bicycle?', 'builtin/echo'), 'What colour is my bicycle?')
  t.match(await ask('What colour is my bicycle?'), /turquoise/, 'its own is back')
  const status = await app.inject({ url: '/api/sessions/s', headers: bearer() })
  t.match(status.json(), { agentId: 'default', messages: Number })
})

t.test('what is not a chat request is refused with what is wrong', async (t) => {
  const app = await buildGateway(t, {
    agents: { default: {}, resting: { suspended: true } },
    gateway: { httpBodyLimitBytes: 2048 }
  })
  const cases: [object, number, string][] = [
    [{}, 400, 'Missing required field: message (string)'],
    [{ message: 5 }, 400, 'Invalid field: message: expected a string of at least 1 character'],
    [{ message: '' }, 400, 'Invalid field: message: expected a string of at least 1 character'],
    [{ message: 'x', sessionKey: 5 }, 400, 'Invalid field: sessionKey: expected a string of 1 to 256 characters'],
    [{ message: 'x', agentId: 'X' }, 400, 'Unknown agent: X'],
    [{ message: 'x', model: 'builtin/none' }, 404, 'There is no model "builtin/none"'],
    [{ message: 'x', model: 'echo' }, 404, 'There is no model "echo"'],
    [{ message: 'x', agentId: 'resting' }, 409, 'The agent is suspended: resting'],
    [{ message: 'x'.repeat(3000) }, 413, 'Request body is larger than 2048 bytes (gateway.httpBodyLimitBytes)']
  ]
  for (const [payload, status, error] of cases) {
    const answer = await app.inject(post(payload))
    t.same([answer.statusCode, answer.json()], [status, { error }], error)
  }
  const raw = (payload: string, type = 'application/json') =>
    app.inject({ method: 'POST', url: '/api/chat', payload, headers: { ...bearer(), 'content-type': type } })
  for (const broken of ['{', '', '{"message":"a"', '\u0000']) {
    const answer = await raw(broken)
    t.same([answer.statusCode, answer.json()], [400, { error: 'Invalid JSON body' }], JSON.stringify(broken))
  }
  t.match((await raw('{"__proto__":{"x":1},"message":"a"}')).json(), { error: /^Invalid JSON: a key __proto__/ })
  t.equal((await raw('message=x', 'application/x-www-form-urlencoded')).statusCode, 415)
  t.equal((await raw('null')).statusCode, 400)
  t.equal((await raw('{"message":"hi"}', 'application/json; charset=utf-8')).statusCode, 200)
})

t.test('the same key goes on with the same conversation, of the same client', async (t) => {
  const app = await buildGateway(t)
  await app.inject(post({ message: 'Remember that my car is a blue Volvo', sessionKey: 'k' }))
  const answer = await app.inject(post({ message: 'Which car do I drive?', sessionKey: 'k' }))
  t.match(answer.json().response, /blue Volvo/)
  const stranger = await app.inject(post({ message: 'Which car do I drive?', sessionKey: 'k' }, SECRETS.rpc))
  t.notMatch(stranger.json().response, /Volvo/)
})

t.test('turns of one session run one after the other, those of two at once', async (t) => {
  await using upstream = await startUpstream()
  const { url } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: { default: { provider: 'up', model: 'words' } }
  })
  const ask = async (message: string, sessionKey: string) => {
    const body = JSON.stringify({ message, sessionKey })
    const response = await fetch(`${url}/api/chat`, {
      method: 'POST',
      headers: { ...bearer(), 'content-type': 'application/json' },
      body
    })
    return ((await response.json()) as { response: string }).response
  }
  t.same(await Promise.all(['a', 'b', 'c', 'd'].map((word) => ask(word, 'same'))), ['a', 'b', 'c', 'd'])
  const seen = (await upstream.requests()).map(({ body }) => (body as { messages: unknown[] }).messages.length)
  t.same(seen, [1, 3, 5, 7], 'each turn was given all that came before')
})

t.test('too many turns waiting for one session are refused, not queued without end', async (t) => {
  await using upstream = await startUpstream()
  const { url } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: { default: { provider: 'up', model: 'stalled' } }
  })
  const controller = new AbortController()
  const ask = async () => {
    const body = JSON.stringify({ message: 'x', sessionKey: 's' })
    const response = await fetch(`${url}/api/chat`, {
      method: 'POST',
      headers: { ...bearer(), 'content-type': 'application/json' },
      body,
      signal: controller.signal
    })
    return { status: response.status, retryAfter: response.headers.get('retry-after'), body: await response.json() }
  }
  const all = Array.from({ length: 18 }, () => ask().catch(() => undefined))
  const refused = await Promise.race(all)
  t.match(refused, { status: 503, retryAfter: '5', body: { error: 'Too many turns of this session are waiting' } })
  controller.abort()
  await Promise.all(all)
  t.equal((await upstream.waitFor((request) => request.ended !== undefined)).ended, 'client_closed')
  t.equal((await upstream.requests()).length, 1, 'those that waited never reached the provider')
})
