import OpenAI, { AuthenticationError, InternalServerError, NotFoundError, RateLimitError } from 'openai'
import t, { type Test } from 'tap'
import { failureOf } from '../../support/failure.ts'
import { listenGateway, SECRETS } from '../../support/gateway.ts'
import { startUpstream, type Upstream } from '../../upstream/start.ts'
import { CUT_TEXT } from '../../upstream/scenarios.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

const provider = () =>
  ({
    type: 'openai-compatible',
    baseURL: `${upstream.url}/v1`,
    apiKey: 'sk-upstream-secret-key-0123456789',
    timeoutMs: 500
  }) as const

/** @param failing providers beside `up`: that one fails is to change nothing for another */
async function connect(t: Test, failing: string[] = []): Promise<{ client: OpenAI; url: string }> {
  const { url } = await listenGateway(t, {
    providers: { up: provider(), ...Object.fromEntries(failing.map((id) => [id, provider()])) },
    agents: {
      default: { provider: 'up', model: 'words' },
      pirate: {
        provider: 'up',
        model: 'echo-request',
        systemPrompt: 'You are a pirate.',
        temperature: 0.3,
        tools: ['current_time']
      }
    }
  })
  await upstream.reset()
  return { client: new OpenAI({ baseURL: `${url}/v1`, apiKey: SECRETS.api, maxRetries: 0 }), url }
}

const say = (model: string, content = 'one two three') => ({ model, messages: [{ role: 'user' as const, content }] })

t.test('a completion', async (t) => {
  const { client } = await connect(t)
  for (const model of ['up/words', 'agent/default', 'default']) {
    const completion = await client.chat.completions.create(say(model))
    t.match(completion, {
      id: /^chatcmpl-/,
      object: 'chat.completion',
      model,
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'one two three', refusal: null },
          logprobs: null,
          finish_reason: 'stop'
        }
      ],
      usage: { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 }
    })
    t.ok(Math.abs(completion.created - Date.now() / 1000) < 10)
    t.match(completion._request_id, /^\w/)
  }
})

t.test('a stream: role, content, finish, and usage only when asked for', async (t) => {
  const { client } = await connect(t)
  const plain = await Array.fromAsync(await client.chat.completions.create({ ...say('up/words'), stream: true }))
  t.same(
    plain.map((chunk) => chunk.choices[0]?.delta.content ?? chunk.choices[0]?.finish_reason),
    ['', 'one ', 'two ', 'three', 'stop']
  )
  t.equal(plain[0]?.choices[0]?.delta.role, 'assistant')
  t.equal(new Set(plain.map(({ id }) => id)).size, 1, 'one id')
  t.equal(
    plain.some((chunk) => chunk.choices.length === 0 || chunk.usage),
    false
  )

  const options = { stream: true as const, stream_options: { include_usage: true } }
  const counted = await Array.fromAsync(await client.chat.completions.create({ ...say('agent/default'), ...options }))
  t.match(counted.at(-1), { choices: [], usage: { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 } })
  t.equal(counted.at(-2)?.usage, null)
})

t.test("the client's own stream helper", async (t) => {
  const { client } = await connect(t)
  const stream = client.chat.completions.stream({ ...say('up/words'), stream_options: { include_usage: true } })
  t.equal((await stream.finalChatCompletion()).choices[0]?.message.content, 'one two three')
  t.equal((await stream.totalUsage()).total_tokens, 6)
})

t.test('what reaches the provider: the whole history and the settings', async (t) => {
  const { client } = await connect(t)
  const completion = await client.chat.completions.create({
    model: 'up/echo-request',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] },
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'See ' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
        ]
      }
    ],
    max_completion_tokens: 7,
    temperature: 0.5,
    top_p: 0.9,
    seed: 4,
    stop: 'END',
    presence_penalty: 0.1,
    frequency_penalty: 0.2,
    response_format: { type: 'json_object' },
    user: 'ignored',
    // @ts-expect-error a parameter that nobody knows is ignored
    not_a_parameter: { deep: true }
  })
  const sent = JSON.parse(completion.choices[0]?.message.content ?? '')
  t.match(sent, {
    model: 'echo-request',
    max_tokens: 7,
    temperature: 0.5,
    top_p: 0.9,
    seed: 4,
    stop: ['END'],
    presence_penalty: 0.1,
    frequency_penalty: 0.2,
    response_format: { type: 'json_object' }
  })
  t.match(sent.messages, [
    { role: 'system', content: 'Be brief.' },
    { role: 'system', content: 'Be kind.' },
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: 'Hello' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'See ' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
      ]
    }
  ])
  t.notOk('not_a_parameter' in sent)
})

t.test('an agent brings its persona, settings and tools', async (t) => {
  const { client } = await connect(t)
  const completion = await client.chat.completions.create(say('agent/pirate', 'Ahoy'))
  const sent = JSON.parse(completion.choices[0]?.message.content ?? '')
  t.match(sent, { temperature: 0.3, tools: [{ function: { name: 'current_time' } }] })
  t.match(sent.messages, [
    { role: 'system', content: 'You are a pirate.' },
    { role: 'user', content: 'Ahoy' }
  ])
})

t.test("the client's own tools: a round trip, streamed and not", async (t) => {
  const { client } = await connect(t)
  const tools = [
    {
      type: 'function' as const,
      function: { name: 'lookup', parameters: { type: 'object', properties: { query: { type: 'string' } } } }
    }
  ]
  for (const model of ['up/tool', 'up/tool']) {
    const first = await client.chat.completions.create({ ...say(model, 'weather'), tools })
    t.equal(first.choices[0]?.finish_reason, 'tool_calls')
    const message = first.choices[0]?.message
    t.equal(message?.content, null)
    const call = message?.tool_calls?.[0]
    t.match(call, { type: 'function', function: { name: 'lookup', arguments: '{"query":"weather"}' } })
    const second = await client.chat.completions.create({
      model,
      tools,
      messages: [
        { role: 'user', content: 'weather' },
        message!,
        { role: 'tool', tool_call_id: call!.id, content: 'sunny' }
      ]
    })
    t.equal(second.choices[0]?.message.content, 'tool said: sunny')
  }
  const chunks = await Array.fromAsync(
    await client.chat.completions.create({ ...say('up/tool', 'weather'), tools, stream: true })
  )
  const deltas = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? [])
  t.ok(deltas.length > 2, 'arguments come in fragments')
  t.match(deltas[0], { index: 0, id: String, type: 'function', function: { name: 'lookup' } })
  t.equal(deltas.map((delta) => delta.function?.arguments).join(''), '{"query":"weather"}')
  t.equal(chunks.at(-1)?.choices[0]?.finish_reason, 'tool_calls')
})

t.test('answers whose bytes come cut anywhere', async (t) => {
  const { client } = await connect(t)
  const text = async (model: string) => (await client.chat.completions.create(say(model))).choices[0]?.message.content
  t.equal(await text('up/cut'), CUT_TEXT)
  t.equal(await text('up/crlf'), 'one two three')
  t.equal(await text('up/comments'), 'one two three')
})

t.test('why an answer ended', async (t) => {
  const { client } = await connect(t)
  const reason = async (model: string) => (await client.chat.completions.create(say(model))).choices[0]?.finish_reason
  t.equal(await reason('up/length'), 'length')
  t.equal(await reason('up/filter'), 'content_filter')
})

t.test('reasoning is passed on beside the text', async (t) => {
  const { client } = await connect(t)
  const completion = await client.chat.completions.create(say('up/reasoning'))
  const message = completion.choices[0]?.message as { reasoning_content?: string; content: string }
  t.ok(message.reasoning_content)
  t.ok(message.content)
})

t.test('failures of the provider, before the answer began', async (t) => {
  const cases: [string, number, { code: string; type: string; message: RegExp }][] = [
    ['status-400', 400, { code: 'context_length_exceeded', type: 'invalid_request_error', message: /./ }],
    [
      'status-401',
      502,
      { code: 'provider_refused', type: 'server_error', message: /refused the gateway's credentials/ }
    ],
    ['status-404', 404, { code: 'model_not_found', type: 'not_found_error', message: /./ }],
    ['status-429', 429, { code: 'rate_limit_exceeded', type: 'rate_limit_error', message: /limiting the rate/ }],
    ['status-500', 502, { code: 'provider_failed', type: 'server_error', message: /failed with status 500/ }],
    ['status-503', 502, { code: 'provider_failed', type: 'server_error', message: /failed with status 503/ }],
    ['silent', 504, { code: 'provider_timeout', type: 'server_error', message: /silent for (0\.5|2\.5) s/ }]
  ]
  const streamed = (model: string, stream: boolean) => `${model}${stream ? '-streamed' : ''}`
  const { client } = await connect(
    t,
    cases.flatMap(([model]) => [streamed(model, false), streamed(model, true)])
  )
  const fail = async ([model, status, { code, type, message }]: (typeof cases)[number], stream: boolean) => {
    const name = `${streamed(model, stream)}/${model}`
    const error = await failureOf(client.chat.completions.create({ ...say(name), stream }))
    t.match([error.status, error.code, error.type], [status, code, type], name)
    t.match(error.message, message)
    t.notMatch(JSON.stringify(error.error), /sk-up|0123/, 'no part of the key')
    if (status === 429) t.equal(error.headers?.get('retry-after'), '7')
  }
  await Promise.all(cases.flatMap((each) => [fail(each, false), fail(each, true)]))
})

t.test('failures of the provider, after the answer began', async (t) => {
  const models = ['reset', 'truncated', 'error-mid', 'garbage', 'stalled']
  const { client } = await connect(t, models)
  const fail = async (model: string) => {
    const name = `${model}/${model}`
    const stream = await client.chat.completions.create({ ...say(name), stream: true })
    const seen: string[] = []
    const error = await failureOf(
      (async () => {
        for await (const chunk of stream) seen.push(chunk.choices[0]?.delta.content ?? '')
      })()
    )
    t.match(seen.slice(0, 3), ['', 'token0 ', 'token1 '], `${model}: what came is passed on`)
    const code = model === 'stalled' ? 'provider_timeout' : 'provider_failed'
    t.match(error.error, { type: 'server_error', code }, model)
    const whole = await failureOf(client.chat.completions.create(say(name)))
    t.equal(whole.status, model === 'stalled' ? 504 : 502, `${model}, not streamed`)
  }
  await Promise.all(models.map(fail))
})

t.test('errors are of the classes that the client knows', async (t) => {
  const { client, url } = await connect(t)
  t.ok((await failureOf(client.chat.completions.create(say('up/status-429')))) instanceof RateLimitError)
  t.ok((await failureOf(client.chat.completions.create(say('up/status-500')))) instanceof InternalServerError)
  const unknown = await failureOf(client.chat.completions.create(say('nobody/nothing')))
  t.ok(unknown instanceof NotFoundError)
  t.match(unknown, { code: 'model_not_found', param: 'model' })
  const stranger = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'x'.repeat(40), maxRetries: 0 })
  t.ok((await failureOf(stranger.chat.completions.create(say('up/words')))) instanceof AuthenticationError)
})

t.test('requests that are not valid name the field', async (t) => {
  const { client } = await connect(t)
  const cases: [object, string][] = [
    [{ messages: [] }, 'model'],
    [{ model: 'up/words' }, 'messages'],
    [{ model: 'up/words', messages: [] }, 'messages'],
    [{ model: 'up/words', messages: [{ role: 'wizard', content: 'x' }] }, 'messages.0'],
    [{ ...say('up/words'), temperature: 'hot' }, 'temperature'],
    [{ ...say('up/words'), max_tokens: 0 }, 'max_tokens'],
    [
      { model: 'up/words', messages: [{ role: 'tool', tool_call_id: 'none', content: 'x' }] },
      'messages.0.tool_call_id'
    ],
    [{ ...say('up/words'), stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop'],
    [{ ...say('up/words'), n: 0 }, 'n'],
    [{ ...say('up/words'), n: 9 }, 'n'],
    [{ ...say('agent/default'), n: 2 }, 'n'],
    [{ ...say('up/words'), logprobs: 'yes' }, 'logprobs'],
    [{ ...say('up/words'), modalities: ['text', 'audio'] }, 'modalities'],
    [{ ...say('up/words'), tools: [{ type: 'function', function: {} }] }, 'tools.0.function.name'],
    [{ ...say('up/words'), tool_choice: { type: 'function', function: { name: 'none' } } }, 'tool_choice']
  ]
  for (const [body, param] of cases) {
    const error = await failureOf(client.chat.completions.create(body as never))
    t.match([error.status, error.type, error.param], [400, 'invalid_request_error', param])
    t.match(error.message, new RegExp(param.replaceAll('.', '\\.')))
  }
})

t.test('null is as good as nothing', async (t) => {
  const { client } = await connect(t)
  const nothing = { temperature: null, max_tokens: null, stop: null, tools: null, stream: null, response_format: null }
  const completion = await client.chat.completions.create({ ...say('up/words'), ...nothing } as never)
  t.equal((completion as { choices: { finish_reason: string }[] }).choices[0]?.finish_reason, 'stop')
})

t.test('a client that aborts stops the provider', async (t) => {
  const { client } = await connect(t)
  const stream = await client.chat.completions.create({ ...say('up/slow'), stream: true })
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break // which aborts
  t.equal((await upstream.waitFor(({ ended }) => ended !== undefined)).ended, 'client_closed')

  await upstream.reset()
  const waiting = client.chat.completions.create(say('up/slow'), { timeout: 150 })
  await t.rejects(waiting)
  t.equal((await upstream.waitFor(({ ended }) => ended !== undefined)).ended, 'client_closed', 'not streamed as well')
})
