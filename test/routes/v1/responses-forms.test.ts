import OpenAI from 'openai'
import type { ResponseInput, ResponseStreamEvent } from 'openai/resources/responses/responses'
import t, { type Test } from 'tap'
import { bearer, listenGateway, SECRETS } from '../../support/gateway.ts'
import { faultsOf, faultsOfEvent } from '../../support/openresponses.ts'
import { startUpstream, type Upstream } from '../../upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

async function connect(t: Test): Promise<OpenAI> {
  const { url } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } }
  })
  await upstream.reset()
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: SECRETS.api, maxRetries: 0 })
}

/** What the provider was asked last. */
async function lastSent(): Promise<{ [key: string]: unknown; messages: { role: string; content: unknown }[] }> {
  return (await upstream.requests()).at(-1)?.body as never
}

const eventsOf = async (stream: AsyncIterable<ResponseStreamEvent>) => {
  const events = await Array.fromAsync(stream)
  for (const event of events) t.same(faultsOfEvent(event), [], event.type)
  return events
}

t.test('a refusal is one, streamed, at once and from the store', async (t) => {
  const client = await connect(t)
  const refused = [{ type: 'message', content: [{ type: 'refusal', refusal: 'I cannot help with that.' }] }]
  const response = await client.responses.create({ model: 'up/refusal', input: 'x' })
  t.same(faultsOf('ResponseResource', response), [])
  t.match(response.output, refused)
  t.match((await client.responses.retrieve(response.id)).output, refused)
  const events = await eventsOf(await client.responses.create({ model: 'up/refusal', input: 'x', stream: true }))
  t.equal(
    events.map((event) => (event.type === 'response.refusal.delta' ? event.delta : '')).join(''),
    'I cannot help with that.'
  )
  t.match(events.at(-1), { type: 'response.completed', response: { output: refused } })
})

t.test('what a provider of the wire format of OpenAI understands goes to it', async (t) => {
  const client = await connect(t)
  const asked = {
    model: 'up/words',
    input: 'one two',
    include: ['message.output_text.logprobs' as const],
    top_logprobs: 3,
    text: { verbosity: 'low' as const },
    reasoning: { effort: 'max' as 'high' },
    service_tier: 'priority' as const,
    prompt_cache_key: 'k',
    safety_identifier: 's',
    user: 'u'
  }
  const [message] = (await client.responses.create(asked)).output
  t.match(await lastSent(), {
    logprobs: true,
    top_logprobs: 3,
    verbosity: 'low',
    reasoning_effort: 'max',
    service_tier: 'priority',
    prompt_cache_key: 'k',
    safety_identifier: 's',
    user: 'u'
  })
  t.match(message, { content: [{ logprobs: [{ token: 'one ', logprob: -0.5 }, { token: 'two' }] }] })
  const events = await eventsOf(await client.responses.create({ ...asked, stream: true }))
  const [added, one, two] = events.filter(({ type }) =>
    /^response\.(content_part\.added|output_text\.delta)/.test(type)
  )
  t.match(
    [added, one, two],
    [
      { part: { logprobs: [] } },
      { delta: 'one ', logprobs: [{ token: 'one ' }] },
      { delta: 'two', logprobs: [{ token: 'two' }] }
    ]
  )
})

t.test('what the model thought may come back, whoever sealed it', async (t) => {
  const client = await connect(t)
  for (const sealed of [null, 'gAAAA-of-another-provider', undefined]) {
    const input = [
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: sealed },
      { role: 'user', content: 'hi' }
    ] as ResponseInput
    t.match(await client.responses.create({ model: 'up/words', input }), { output_text: 'hi' })
  }
})

t.test('how closely to look at an image is told; a file by its address is refused by name', async (t) => {
  const client = await connect(t)
  const ask = (part: object) =>
    client.responses.create({ model: 'up/words', input: [{ role: 'user', content: [part] }] as ResponseInput })
  await ask({ type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'low' })
  t.match((await lastSent()).messages[0]?.content, [{ image_url: { detail: 'low' } }])
  await t.rejects(ask({ type: 'input_file', file_url: 'https://example.com/x.pdf' }), {
    status: 400,
    code: 'unsupported_content',
    param: 'input.0.content.0'
  })
})

t.test('items of the input are listed in full', async (t) => {
  const client = await connect(t)
  const { id } = await client.responses.create({
    model: 'up/words',
    input: [
      { role: 'user', content: [{ type: 'input_image', image_url: 'data:image/png;base64,AAAA' }] },
      { role: 'assistant', content: 'b' },
      { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c1', output: 'done' }
    ] as ResponseInput
  })
  const { data } = await client.responses.inputItems.list(id, { order: 'asc' })
  t.equal(data.length, 4)
  for (const item of data) t.same(faultsOf('ItemField', item), [], item.type)
})

t.test('a choice of a tool, and a place in a list, name what is there', async (t) => {
  const client = await connect(t)
  const tools = [{ type: 'custom' as const, name: 'run' }]
  const ask = (tool_choice: { type: 'custom'; name: string }) =>
    client.responses.create({ model: 'up/tool', input: 'x', tools, tool_choice })
  const chosen = await ask({ type: 'custom', name: 'run' })
  t.match(chosen, { tool_choice: { type: 'function', name: 'run' } })
  await t.rejects(ask({ type: 'custom', name: 'walk' }), { message: /^400 .*no tool "walk"/, param: 'tool_choice' })
  const unknown = client.responses.inputItems.list(chosen.id, { after: 'in_nothing' })
  await t.rejects(unknown, { message: /^400 .*no item "in_nothing"/, param: 'after' })
})

t.test('a conversation whose beginning is deleted holds no result without its call', async (t) => {
  const client = await connect(t)
  const tools = [{ type: 'function' as const, name: 'look_up', parameters: {}, strict: false }]
  const called = await client.responses.create({ model: 'up/tool', input: 'x', tools })
  const [call] = called.output
  if (call?.type !== 'function_call') throw new Error('expected a call')
  const answered = await client.responses.create({
    model: 'up/tool',
    previous_response_id: called.id,
    input: [{ type: 'function_call_output', call_id: call.call_id, output: 'found' }],
    tools
  })
  await client.responses.delete(called.id)
  await client.responses.create({ model: 'up/words', previous_response_id: answered.id, input: 'go on' })
  t.same(
    (await lastSent()).messages.map(({ role }) => role),
    ['assistant', 'user']
  )
})

t.test('a stream that is read from its end on says that it is over', async (t) => {
  const client = await connect(t)
  const begun = await client.responses.create({ model: 'up/words', input: 'x', background: true, stream: true })
  const events = await Array.fromAsync(begun)
  const last = events.at(-1)
  if (last?.type !== 'response.completed') throw new Error('expected an end')
  const url = `${client.baseURL}/responses/${last.response.id}?stream=true&starting_after=${last.sequence_number}`
  const rest = await fetch(url, { headers: bearer(SECRETS.api) })
  t.equal(await rest.text(), 'data: [DONE]\n\n')
})

t.test('what is wrong with an item is told where it is', async (t) => {
  const client = await connect(t)
  const part = /^400 Invalid field: input\.0\.(content|output)\.0: expected a part of the type input_text/
  for (const [item, message] of [
    [{ role: 'user', content: [{ type: 'input_video' }] }, part],
    [{ type: 'message', role: 'user', content: [{ type: 5 }] }, part],
    [{ type: 'function_call_output', call_id: 'c', output: [{ type: 'input_video' }] }, part],
    [{ type: 'message', role: 'zzz', content: 'x' }, /^400 Invalid field: input\.0\.role: expected one of "user"/],
    [{ role: 'zzz', content: 'x' }, /^400 Invalid field: input\.0: expected a message, a call/],
    [{ type: 'function_call_output', output: 'x' }, /^400 Missing required field: input\.0\.call_id/],
    [{ type: 'item_reference' }, /^400 Missing required field: input\.0\.id/],
    [
      { type: 'compaction', encrypted_content: null },
      /^400 Invalid field: input\.0\.encrypted_content: expected a string/
    ],
    [{ type: 5 }, /^400 Invalid field: input\.0: expected a message, a call/]
  ] as const) {
    const asked = client.responses.create({ model: 'up/words', input: [item] as never })
    await t.rejects(asked, { status: 400, message }, JSON.stringify(item))
  }
})
