import OpenAI from 'openai'
import t, { type Test } from 'tap'
import { listenGateway, SECRETS } from '../../support/gateway.ts'
import { startUpstream, type Upstream } from '../../upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

async function connect(t: Test): Promise<OpenAI> {
  const { url } = await listenGateway(t, {
    providers: {
      up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1`, timeoutMs: 2000 },
      openai: { type: 'openai', baseURL: `${upstream.url}/v1`, apiKey: 'k' },
      claude: { type: 'anthropic', baseURL: `${upstream.url}/v1`, apiKey: 'k' }
    },
    agents: {
      default: { provider: 'up', model: 'words', tools: ['current_time'] },
      openai: { provider: 'openai', model: 'words' }
    }
  })
  await upstream.reset()
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: SECRETS.api, maxRetries: 0 })
}

const messages = [{ role: 'user' as const, content: 'one two' }]
const lastSent = async () => (await upstream.requests()).at(-1)?.body as Record<string, unknown>

const look = { type: 'function' as const, function: { name: 'look_up', parameters: { type: 'object' } } }
const run = {
  type: 'custom' as const,
  custom: {
    name: 'run',
    description: 'Runs it',
    format: { type: 'grammar' as const, grammar: { syntax: 'lark' as const, definition: 'start: "ls"' } }
  }
}

t.test('what servers of the same wire format understand goes to them as it came', async (t) => {
  const client = await connect(t)
  const given = {
    seed: 1,
    user: 'ann',
    metadata: { a: 'b' },
    service_tier: 'flex' as const,
    store: false,
    reasoning_effort: 'low' as const,
    verbosity: 'low' as const,
    prediction: { type: 'content' as const, content: 'one' },
    modalities: ['text' as const],
    logit_bias: { '50256': -100 },
    prompt_cache_key: 'key',
    parallel_tool_calls: false,
    tools: [look],
    stop: ['a', 'b', 'c', 'd']
  }
  for (const model of ['up/words', 'agent/default']) {
    await client.chat.completions.create({ model, messages, ...given })
    t.match(await lastSent(), { ...given, tools: Array })
  }
  await client.chat.completions.create({ model: 'up/words', messages })
  t.same(Object.keys(await lastSent()), ['model', 'messages'], 'and nothing of ourselves')
  for await (const _ of await client.chat.completions.create({ model: 'up/words', messages, stream: true })) continue
  t.same(Object.keys(await lastSent()), ['model', 'messages', 'stream', 'stream_options'], 'and nothing of ourselves')

  await client.chat.completions.create({ model: 'openai/words', messages, ...given, max_tokens: 5 })
  t.match(await lastSent(), { ...given, tools: Array, max_completion_tokens: 5, max_tokens: undefined })
  await client.chat.completions.create({ model: 'agent/openai', messages, ...given, stop: undefined })
  t.match(await lastSent(), {
    user: 'ann',
    metadata: { a: 'b' },
    parallel_tool_calls: false,
    text: { verbosity: 'low' }
  })
  await client.chat.completions.create({ model: 'claude/words', messages, ...given, reasoning_effort: 'none' })
  t.match(await lastSent(), { tool_choice: { disable_parallel_tool_use: true } })
})

t.test('a schema for the answer, strict or not, as it was given', async (t) => {
  const client = await connect(t)
  for (const strict of [true, false, undefined]) {
    const json_schema = { name: 'city', description: 'A city', schema: { type: 'object' }, strict }
    const response_format = { type: 'json_schema' as const, json_schema }
    await client.chat.completions.create({ model: 'up/words', messages, response_format })
    t.same((await lastSent()).response_format, JSON.parse(JSON.stringify(response_format)))
  }
})

t.test('how tools may be chosen', async (t) => {
  const client = await connect(t)
  const tools = [look, run]
  const other = { type: 'function' as const, function: { name: 'other', parameters: { type: 'object' } } }
  const cases: [OpenAI.ChatCompletionToolChoiceOption, unknown, string[]][] = [
    ['auto', 'auto', ['look_up', 'run', 'other']],
    ['none', 'none', ['look_up', 'run', 'other']],
    ['required', 'required', ['look_up', 'run', 'other']],
    [look, { type: 'function', function: { name: 'look_up' } }, ['look_up', 'run', 'other']],
    [run, { type: 'function', function: { name: 'run' } }, ['look_up', 'run', 'other']],
    [
      { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [look, run] as never } },
      'required',
      ['look_up', 'run']
    ]
  ]
  for (const [tool_choice, sent, names] of cases) {
    await client.chat.completions.create({ model: 'up/words', messages, tools: [...tools, other], tool_choice })
    const body = (await lastSent()) as { tool_choice: unknown; tools: { function: { name: string } }[] }
    t.same(body.tool_choice, sent)
    t.same(
      body.tools.map((tool) => tool.function.name),
      names
    )
  }
})

t.test('a tool that takes free text', async (t) => {
  const client = await connect(t)
  const request = { model: 'up/tool', messages, tools: [run] }
  const [choice] = (await client.chat.completions.create(request)).choices
  t.match(choice?.message.tool_calls, [{ type: 'custom', custom: { name: 'run', input: '{"query":"one two"}' } }])
  const sent = (await lastSent()) as { tools: { function: { description: string } }[] }
  t.match(sent.tools[0]?.function.description, /Runs it[^]*lark grammar:\nstart: "ls"/)

  const stream = await client.chat.completions.create({ ...request, stream: true })
  const deltas: unknown[] = []
  for await (const chunk of stream) deltas.push(...(chunk.choices[0]?.delta.tool_calls ?? []))
  t.match(deltas, [
    { index: 0, id: /^call_/, type: 'custom', custom: { name: 'run', input: '' } },
    { index: 0, custom: { input: '{"query":"one two"}' } }
  ])
})

t.test('how likely each token was, if that is asked', async (t) => {
  const client = await connect(t)
  const asked = { model: 'up/words', messages, logprobs: true, top_logprobs: 2 }
  const [choice] = (await client.chat.completions.create(asked)).choices
  t.match(choice?.logprobs, { content: [{ token: 'one ', logprob: -0.5 }, { token: 'two' }], refusal: null })
  t.match(await lastSent(), { logprobs: true, top_logprobs: 2 })
  const chunks = await Array.fromAsync(await client.chat.completions.create({ ...asked, stream: true }))
  t.same(
    chunks.map((chunk) => chunk.choices[0]?.logprobs?.content?.[0]?.token),
    [undefined, 'one ', 'two', undefined]
  )
  const [chosen] = (await client.chat.completions.create({ ...asked, model: 'openai/words' })).choices
  t.same(chosen?.logprobs, choice?.logprobs)
  for (const model of ['agent/openai', 'claude/words']) {
    const [other] = (await client.chat.completions.create({ ...asked, model })).choices
    t.match([other?.message.content, other?.logprobs], ['one two', null], `${model} has none`)
  }
})

t.test('what the provider tells of its tokens', async (t) => {
  const client = await connect(t)
  const { usage } = await client.chat.completions.create({ model: 'up/usage', messages })
  t.same(usage, {
    prompt_tokens: 2,
    completion_tokens: 2,
    total_tokens: 4,
    prompt_tokens_details: { cached_tokens: 11, audio_tokens: 12 },
    completion_tokens_details: {
      reasoning_tokens: 13,
      audio_tokens: 14,
      accepted_prediction_tokens: 15,
      rejected_prediction_tokens: 16
    }
  })
})

t.test('what the provider adds to its answer', async (t) => {
  const client = await connect(t)
  const asked = { model: 'up/annotated', messages, web_search_options: {} }
  const [choice] = (await client.chat.completions.create(asked)).choices
  const found = [{ type: 'url_citation', url_citation: { url: 'https://example.com/a' } }]
  t.match(choice?.message, { content: 'one two', annotations: found })
  t.match(await lastSent(), { web_search_options: {} })
  const chunks = await Array.fromAsync(await client.chat.completions.create({ ...asked, stream: true }))
  t.match(chunks.at(-2)?.choices, [{ delta: { annotations: found }, finish_reason: null }])
  t.equal(new Set(chunks.map(({ id }) => id)).size, 1)
})

t.test('a refusal', async (t) => {
  const client = await connect(t)
  const [choice] = (await client.chat.completions.create({ model: 'up/refusal', messages })).choices
  t.match(choice?.message, { content: null, refusal: 'I cannot help with that.' })
  const stream = await client.chat.completions.create({ model: 'up/refusal', messages, stream: true })
  const chunks = await Array.fromAsync(stream)
  t.equal(chunks.map((chunk) => chunk.choices[0]?.delta.refusal ?? '').join(''), 'I cannot help with that.')
  t.same(
    chunks.filter((chunk) => chunk.choices[0]?.delta.content),
    []
  )
})

t.test('functions, as before there were tools: streamed and not, and the way back', async (t) => {
  const client = await connect(t)
  const functions = [{ name: 'look_up', parameters: { type: 'object' } }]
  for (const model of ['up/tool', 'up/tools-at-once']) {
    const asked = { model, messages, functions, function_call: { name: 'look_up' } }
    const [choice] = (await client.chat.completions.create(asked)).choices
    t.match(choice, {
      finish_reason: 'function_call',
      message: { function_call: { name: 'look_up', arguments: /^\{/ } }
    })
    t.notOk(choice?.message.tool_calls)
    t.match(await lastSent(), { tool_choice: { type: 'function' }, parallel_tool_calls: false, functions: undefined })
    const chunks = await Array.fromAsync(await client.chat.completions.create({ ...asked, stream: true }))
    const calls = chunks.flatMap(({ choices: [first] }) => first?.delta.function_call ?? [])
    t.equal(calls[0]?.name, 'look_up')
    t.equal(calls.map((call) => call.arguments).join(''), choice?.message.function_call?.arguments)
    t.equal(chunks.at(-1)?.choices[0]?.finish_reason, 'function_call')
    const result = { role: 'function' as const, name: 'look_up', content: 'sunny' }
    const back = [...messages, { ...choice?.message, role: 'assistant' as const }, result]
    const answered = await client.chat.completions.create({ model, messages: back, functions })
    t.equal(answered.choices[0]?.finish_reason, 'stop')
  }
})
