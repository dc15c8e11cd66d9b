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

async function asker(t: Test, type: (typeof TYPES)[number], more: object = {}) {
  const baseURL = `${upstream.url}${type === 'google' ? '/v1beta' : '/v1'}`
  const app = await buildGateway(t, {
    providers: { p: { type, baseURL, apiKey: 'sk-key-of-the-gateway-0123456789', timeoutMs: 500 } }
  })
  return (model: string, content = 'one two three') =>
    app.inject({
      method: 'POST',
      url: '/v1/chat/completions',
      headers: bearer(),
      payload: {
        model: `p/${model}`,
        messages: [
          { role: 'system', content: 'sys' },
          { role: 'user', content }
        ],
        ...more
      }
    })
}

for (const type of TYPES) {
  t.test(`${type}: answers, tools, ends and failures`, async (t) => {
    const ask = await asker(t, type)
    const answer = (await ask('words')).json()
    t.match(answer.choices[0], { message: { content: 'one two three' }, finish_reason: 'stop' })
    t.match(answer.usage, { prompt_tokens: 4, completion_tokens: 3, total_tokens: 7 })
    t.equal((await ask('cut')).json().choices[0].message.content, CUT_TEXT)
    t.equal((await ask('words', AWKWARD)).json().choices[0].message.content, AWKWARD)
    t.equal((await ask('length')).json().choices[0].finish_reason, 'length')

    // Each by a gateway that has not seen the provider fail.
    const status = async (model: string) => (await (await asker(t, type))(model)).statusCode
    t.equal(await status('status-401'), 502)
    t.equal(await status('status-500'), 502)
    t.equal(await status('status-400'), 400)
    t.equal(await status('reset'), 502)
    t.equal(await status('silent'), 504)
    t.equal(await status('stalled'), 504)
    const limited = await ask('status-429')
    t.match([limited.statusCode, limited.headers['retry-after']], [429, '7'])
    t.notMatch((await ask('status-401')).body, /sk-key/)

    const tool = {
      type: 'function',
      function: { name: 'lookup', parameters: { type: 'object', properties: { query: { type: 'string' } } } }
    }
    const withTools = await asker(t, type, { tools: [tool] })
    const called = (await withTools('tool', 'rain')).json()
    t.equal(called.choices[0].finish_reason, 'tool_calls')
    t.match(called.choices[0].message.tool_calls, [{ function: { name: 'lookup' } }])
    t.same(JSON.parse(called.choices[0].message.tool_calls[0].function.arguments), { query: 'rain' })
  })
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
