import type { LightMyRequestResponse } from 'fastify'
import t, { type Test } from 'tap'
import { bearer, buildGateway } from '../support/gateway.ts'
import { startUpstream, type Upstream } from '../upstream/start.ts'
import { CUT_TEXT } from '../upstream/scenarios.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

/** Words that JSON has to escape among words that it leaves as they are. */
const AWKWARD =
  'one two "three" four\\ five\nsix \\"seven eight\ttab \u2028 nine {"ten":["eleven"]} </twelve> \u0001 thirteen 👋🏽'

const TYPES = ['openai', 'anthropic', 'google', 'openai-compatible', 'ollama'] as const
/** What providers that fail play, and the status of the answer. */
const FAILURES = {
  'status-401': 502,
  'key-refused': 502,
  'quotes-key': 400,
  'status-500': 502,
  'status-400': 400,
  'status-429': 429,
  reset: 502,
  silent: 504,
  stalled: 504
}

const upstreamOf = (type: (typeof TYPES)[number], timeoutMs: number) => ({
  type,
  baseURL: `${upstream.url}${type === 'google' ? '/v1beta' : '/v1'}`,
  apiKey: 'sk-key-of-the-gateway-0123456789',
  maxRetries: 0,
  timeoutMs
})

/** Of each type one provider that works, and one for each failure: that one fails is to change nothing for another. */
function providers() {
  const all = TYPES.flatMap((type) => [
    [type, upstreamOf(type, 10_000)],
    ...Object.keys(FAILURES).map((failure) => [
      `${type}-${failure}`,
      upstreamOf(type, failure === 'silent' || failure === 'stalled' ? 500 : 10_000)
    ])
  ])
  return Object.fromEntries(all) as Record<string, ReturnType<typeof upstreamOf>>
}

t.test('every type: answers, tools, ends and failures', async (t) => {
  t.jobs = TYPES.length
  const app = await buildGateway(t, { providers: providers() })
  const ask = (model: string, content = 'one two three', more: object = {}) => {
    const messages = [
      { role: 'system', content: 'sys' },
      { role: 'user', content }
    ]
    const payload = { model, messages, ...more }
    return app.inject({ method: 'POST', url: '/v1/chat/completions', headers: bearer(), payload })
  }
  await Promise.all(TYPES.map((type) => t.test(type, (t) => checkType(t, type, ask))))
})

type Ask = (model: string, content?: string, more?: object) => Promise<LightMyRequestResponse>

async function checkType(t: Test, type: string, ask: Ask): Promise<void> {
  const answer = (await ask(`${type}/words`)).json()
  t.match(answer.choices[0], { message: { content: 'one two three' }, finish_reason: 'stop' })
  t.match(answer.usage, { prompt_tokens: 4, completion_tokens: 3, total_tokens: 7 })
  t.equal((await ask(`${type}/cut`)).json().choices[0].message.content, CUT_TEXT)
  t.equal((await ask(`${type}/words`, AWKWARD)).json().choices[0].message.content, AWKWARD)
  t.equal((await ask(`${type}/length`)).json().choices[0].finish_reason, 'length')

  const failing = Object.entries(FAILURES).map(async ([failure, status]) => {
    const { statusCode, headers, body } = await ask(`${type}-${failure}/${failure}`)
    t.equal(statusCode, status, failure)
    t.notMatch(body, /sk-key|not valid/)
    if (failure === 'status-429') t.equal(headers['retry-after'], '7')
  })
  await Promise.all(failing)

  const tool = {
    type: 'function',
    function: { name: 'lookup', parameters: { type: 'object', properties: { query: { type: 'string' } } } }
  }
  const called = (await ask(`${type}/tool`, 'rain', { tools: [tool] })).json()
  t.equal(called.choices[0].finish_reason, 'tool_calls')
  t.match(called.choices[0].message.tool_calls, [{ function: { name: 'lookup' } }])
  t.same(JSON.parse(called.choices[0].message.tool_calls[0].function.arguments), { query: 'rain' })
}

t.test('an upstream that cannot be reached', async (t) => {
  const app = await buildGateway(t, {
    providers: { p: { type: 'openai-compatible', baseURL: 'http://127.0.0.1:1/v1' } }
  })
  const answer = await app.inject({
    method: 'POST',
    url: '/v1/chat/completions',
    headers: bearer(),
    payload: { model: 'p/x', messages: [{ role: 'user', content: 'x' }] }
  })
  t.match([answer.statusCode, answer.json().error.message], [502, 'The connection to the provider "p" failed'])
})

type Wire = { [key: string]: unknown }

t.test('what each format has no words for, or is strict about', async (t) => {
  const app = await buildGateway(t, { providers: providers() })
  const sentTo = async (type: string, payload: object): Promise<Wire> => {
    const url = '/v1/chat/completions'
    const asked = { model: `${type}/echo-request`, ...payload }
    const answer = await app.inject({ method: 'POST', url, headers: bearer(), payload: asked })
    return JSON.parse(answer.json().choices[0].message.content) as Wire
  }
  const call = (id: string) => ({ id, type: 'function', function: { name: id, arguments: '{}' } })
  const result = (id: string) => ({ role: 'tool', tool_call_id: id, content: id })
  const question = { role: 'user', content: 'x' }
  const calls = { role: 'assistant', content: null, reasoning_content: 'hm', tool_calls: [call('f'), call('g')] }
  const messages = [question, calls, result('f'), result('g')]

  const { contents } = (await sentTo('google', { messages })) as { contents: { role: string; parts: object[] }[] }
  t.match(contents.at(-1), { role: 'user', parts: [{ functionResponse: { name: 'f' } }, { functionResponse: {} }] })
  t.notMatch(JSON.stringify(contents), /hm/)

  const url = (path: string) => ({ type: 'image_url', image_url: { url: `https://example.com/${path}` } })
  const pictures = { messages: [{ role: 'user', content: [url('a.png?x=1'), url('b')] }] }
  t.match(JSON.stringify(await sentTo('google', pictures)), /image\/png.*image\/jpeg/)

  const thinking = { reasoning_effort: 'low', max_tokens: 5000 }
  t.hasProp(await sentTo('anthropic', { messages: [question], ...thinking }), 'thinking')
  t.notHas(await sentTo('anthropic', { messages, ...thinking }), { thinking: {} }, 'its thoughts are not there')
  const json = { messages: [question], response_format: { type: 'json_object' } }
  t.match(await sentTo('anthropic', json), { system: [{ text: /one JSON object/ }] })

  t.match((await sentTo('openai-compatible', { messages })).messages, [{}, { reasoning_content: 'hm' }])
  t.notMatch(JSON.stringify(await sentTo('openai', { messages })), /hm/)
})
