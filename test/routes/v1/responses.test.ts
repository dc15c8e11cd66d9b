import OpenAI from 'openai'
import type { ResponseStreamEvent } from 'openai/resources/responses/responses'
import t, { type Test } from 'tap'
import { listenGateway, SECRETS } from '../../support/gateway.ts'
import { faultsOf, faultsOfEvent } from '../../support/openresponses.ts'
import { startUpstream, type Upstream } from '../../upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

async function connect(t: Test): Promise<{ client: OpenAI; url: string }> {
  const { url } = await listenGateway(t, {
    providers: {
      up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1`, timeoutMs: 500 },
      small: {
        type: 'openai-compatible',
        baseURL: `${upstream.url}/v1`,
        models: [{ id: 'echo-request', contextWindow: 256 }]
      }
    },
    agents: {
      looper: { provider: 'up', model: 'tool-loop', tools: ['current_time'], maxSteps: 4 },
      default: { provider: 'up', model: 'words' },
      clerk: { provider: 'up', model: 'tool', tools: ['current_time'] }
    }
  })
  await upstream.reset()
  return { client: new OpenAI({ baseURL: `${url}/v1`, apiKey: SECRETS.api, maxRetries: 0 }), url }
}

async function collect(stream: AsyncIterable<ResponseStreamEvent>): Promise<ResponseStreamEvent[]> {
  const events: ResponseStreamEvent[] = []
  for await (const event of stream) events.push(event)
  return events
}

t.test('a response', async (t) => {
  const { client } = await connect(t)
  for (const model of ['up/words', 'agent/default', 'default']) {
    const response = await client.responses.create({ model, input: 'one two three' })
    t.same(faultsOf('ResponseResource', response), [], model)
    t.match(response, {
      id: /^resp_/,
      object: 'response',
      status: 'completed',
      model,
      output_text: 'one two three',
      output: [{ type: 'message', id: /^msg_/, status: 'completed', role: 'assistant' }],
      usage: { input_tokens: 3, output_tokens: 3, total_tokens: 6 }
    })
  }
})

t.test('its stream', async (t) => {
  const { client } = await connect(t)
  const events = await collect(await client.responses.create({ model: 'up/words', input: 'one two', stream: true }))
  t.same(
    events.map(({ type }) => type),
    [
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed'
    ]
  )
  for (const [index, event] of events.entries()) {
    t.equal((event as { sequence_number: number }).sequence_number, index)
    t.same(faultsOfEvent(event), [], event.type)
  }
  const stream = client.responses.stream({ model: 'up/words', input: 'one two' })
  t.equal((await stream.finalResponse()).output_text, 'one two')
})

t.test('calls of the client’s tools, answered in the next request', async (t) => {
  const { client } = await connect(t)
  const tools = [{ type: 'function' as const, name: 'look_up', parameters: { type: 'object' }, strict: null }]
  const asked = { model: 'up/tool', input: 'Berlin', tools }
  const events = await collect(await client.responses.create({ ...asked, stream: true }))
  for (const event of events) t.same(faultsOfEvent(event), [], event.type)
  const first = await client.responses.create(asked)
  t.same(faultsOf('ResponseResource', first), [])
  const [call] = first.output
  t.match(call, { type: 'function_call', name: 'look_up', arguments: '{"query":"Berlin"}', status: 'completed' })
  if (call?.type !== 'function_call') throw new Error('expected a call')
  const second = await client.responses.create({
    ...asked,
    input: [
      { role: 'user', content: 'Berlin' },
      { type: 'reasoning', id: 'rs_1', summary: [] },
      call,
      { type: 'function_call_output', call_id: call.call_id, output: [{ type: 'input_text', text: 'It rains' }] }
    ]
  })
  t.equal(second.output_text, 'tool said: It rains')
  const hole = client.responses.create({ ...asked, input: [{ role: 'user', content: 'x' }, call] })
  await t.rejects(hole, { status: 400, message: /no output of the tool call/ })
  for (const input of [[], undefined]) {
    await t.rejects(client.responses.create({ ...asked, input }), { status: 400, message: /required field: input/ })
  }
  const orphan = [{ type: 'function_call_output' as const, call_id: 'call_x', output: '' }]
  await t.rejects(client.responses.create({ ...asked, input: orphan }), { message: /input\.0\.call_id/ })
})

t.test(
  'files that tools answer with reach the model after the answers of all, and are named where it takes none',
  async (t) => {
    const { client } = await connect(t)
    const image_url = 'data:image/png;base64,AAAA'
    const picture = { type: 'input_image' as const, detail: 'auto' as const, image_url }
    const call = { type: 'function_call' as const, name: 'look', arguments: '{}' }
    const output = { type: 'function_call_output' as const }
    const input = [
      { role: 'user' as const, content: 'x' },
      { ...call, call_id: 'a' },
      { ...call, call_id: 'b' },
      { ...output, call_id: 'a', output: [{ type: 'input_text' as const, text: 'seen' }, picture] },
      { ...output, call_id: 'b', output: 'nothing' },
      { role: 'user' as const, content: 'y' }
    ]
    await client.responses.create({ model: 'up/words', input })
    const [sent] = await upstream.requests()
    t.match((sent?.body as { messages: object[] } | undefined)?.messages.slice(2), [
      { role: 'tool', tool_call_id: 'a', content: 'seen' },
      { role: 'tool', tool_call_id: 'b', content: 'nothing' },
      {
        role: 'user',
        content: [
          { type: 'text', text: '[of the output of look, a]' },
          { type: 'image_url', image_url: { url: image_url } }
        ]
      },
      { role: 'user', content: 'y' }
    ])
    const refused = client.responses.create({ model: 'up/text-only', input })
    await t.rejects(refused, { status: 400, message: /does not take input\.3\.output\.1 \(image\/png\)/ })
  }
)

t.test('custom tools, namespaces and tools that others host', async (t) => {
  const { url } = await connect(t)
  const tools = [
    { type: 'web_search' },
    {
      type: 'custom',
      name: 'apply_patch',
      description: 'Patches',
      format: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' }
    },
    { type: 'namespace', name: 'mcp', tools: [{ type: 'function', name: 'open', parameters: { type: 'object' } }] },
    { type: 'function', name: 'plain' }
  ]
  const ask = async (body: object) => {
    const response = await fetch(`${url}/v1/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${SECRETS.api}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'up/tool', input: 'x', tools, ...body })
    })
    return (await response.json()) as { output: { [key: string]: unknown }[]; tools: { name: string }[] }
  }
  const { output, tools: echoed } = await ask({})
  t.match(output, [{ type: 'custom_tool_call', id: /^ctc_/, name: 'apply_patch', call_id: /./ }])
  t.type(output[0]?.input, 'string')
  t.same(
    echoed.map(({ name }) => name),
    ['apply_patch', 'mcp__open', 'plain']
  )
  const [{ body } = { body: '' }] = await upstream.requests()
  t.match(JSON.stringify(body), 'start: ')
  const called = await ask({
    tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'open' }] }
  })
  t.match(called.output, [{ type: 'function_call', name: 'open', namespace: 'mcp' }])
  const next = await ask({
    input: [
      { role: 'user', content: 'x' },
      ...called.output,
      { type: 'function_call_output', call_id: called.output[0]?.call_id, output: 'opened' }
    ]
  })
  t.match(next.output, [{ content: [{ text: 'tool said: opened' }] }])
})

t.test('reasoning, and answers that are cut short', async (t) => {
  const { client } = await connect(t)
  const thought = await client.responses.create({
    model: 'up/reasoning',
    input: 'x',
    reasoning: { effort: 'low', summary: 'auto' }
  })
  t.same(faultsOf('ResponseResource', thought), [])
  t.match(thought.output, [{ type: 'reasoning', summary: [{ text: 'First I think. ' }] }, { type: 'message' }])
  for (const event of await collect(
    await client.responses.create({ model: 'up/reasoning', input: 'x', stream: true })
  )) {
    t.same(faultsOfEvent(event), [], event.type)
  }
  const cut = await client.responses.create({ model: 'up/length', input: 'x' })
  t.match(cut, { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, completed_at: null })
  const filtered = await collect(await client.responses.create({ model: 'up/filter', input: 'x', stream: true }))
  t.match(filtered.at(-1), {
    type: 'response.incomplete',
    response: { incomplete_details: { reason: 'content_filter' } }
  })
  t.same(faultsOfEvent(filtered.at(-1) as ResponseStreamEvent), [])
})

t.test('an agent’s own tools stay within', async (t) => {
  const { client } = await connect(t)
  const response = await client.responses.create({ model: 'agent/clerk', input: 'now' })
  t.same(
    response.output.map(({ type }) => type),
    ['message']
  )
  t.match(response.output_text, /^tool said: /)
})

t.test('failures have the form of OpenAI, before the stream and in it', async (t) => {
  const { client, url } = await connect(t)
  await t.rejects(client.responses.create({ model: 'up/nothing', input: 'x' }), { message: /^404 / })
  await t.rejects(client.responses.create({ model: 'nobody', input: 'x' }), { code: 'model_not_found' })
  await t.rejects(
    client.responses.create({
      model: 'up/words',
      input: [{ role: 'user', content: [{ type: 'input_image', detail: 'auto', file_id: 'f' }] }]
    }),
    { status: 400, message: /expected image_url/ }
  )
  await t.rejects(client.responses.create({ model: 'up/reset', input: 'x' }), { message: /^502 / })
  const response = await fetch(`${url}/v1/responses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${SECRETS.api}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'up/error-mid', input: 'x', stream: true })
  })
  const text = await response.text()
  const types = [...text.matchAll(/^event: (.*)$/gm)].map(([, type]) => type)
  t.same(types.slice(-2), ['error', 'response.failed'])
  t.match(text, /data: \[DONE\]\n\n$/)
  for (const [, data = ''] of text.matchAll(/^data: (\{.*)$/gm)) {
    const event = JSON.parse(data) as { type: string }
    t.same(faultsOfEvent(event), [], event.type)
  }
})

const bodies = async () => (await upstream.requests()).map(({ body }) => body as { messages: { content: unknown }[] })

t.test('a conversation that is too long for the model is cut where that is asked for', async (t) => {
  const { client } = await connect(t)
  const said = ['old '.repeat(300), 'newer', 'now'].map((content) => ({ role: 'user' as const, content }))
  const ask = { model: 'small/echo-request', instructions: 'Be brief', input: said }
  await client.responses.create(ask)
  await client.responses.create({ ...ask, truncation: 'auto', parallel_tool_calls: false })
  const [whole, cut] = await bodies()
  t.equal(whole?.messages.length, 4)
  t.same(
    cut?.messages.map(({ content }) => content),
    ['Be brief', 'newer', 'now']
  )
})

t.test('an agent makes as many calls of its tools as it may', async (t) => {
  const { client } = await connect(t)
  await client.responses.create({ model: 'agent/looper', input: 'go', max_tool_calls: 2 })
  const results = (await bodies()).at(-1)?.messages.map(({ content }) => String(content)) ?? []
  t.equal(results.filter((text) => /No more tools/.test(text)).length, 1)
  t.equal(results.filter((text) => /\d{4}-\d\d-\d\d/.test(text)).length, 2)
})
