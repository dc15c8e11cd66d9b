import OpenAI, {
  APIError,
  APIConnectionTimeoutError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError
} from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { SECRETS } from '../support/gateway.ts'
import { bothWays, openAiGateway } from '../support/openai.ts'
import { startUpstream, type Upstream } from '../upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

async function connect(t: Test): Promise<OpenAI> {
  return new OpenAI({ baseURL: await openAiGateway(t, upstream), apiKey: SECRETS.api, maxRetries: 0 })
}

/** Whether it fails with an error of that class, which has these fields. */
async function fails(t: Test, work: Promise<unknown>, kind: new (...args: never[]) => Error, fields: object = {}) {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason
  )
  t.ok(error instanceof kind, kind.name)
  t.match(error, fields)
}

const say = (model: string, content = 'one two three') => ({ model, messages: [{ role: 'user' as const, content }] })

t.test('chat, whole and streamed', async (t) => {
  const client = await connect(t)
  for (const model of bothWays('words')) {
    const whole = await client.chat.completions.create(say(model))
    t.match(whole, { model, choices: [{ message: { content: 'one two three' }, finish_reason: 'stop' }] })
    const { response, request_id } = await client.chat.completions.create(say(model)).withResponse()
    t.match(response.headers.get('x-turn-id'), /^turn_\w+$/)
    t.match(request_id, /^\w/)
    let text = ''
    for await (const chunk of await client.chat.completions.create({ ...say(model), stream: true })) {
      text += chunk.choices[0]?.delta.content ?? ''
    }
    t.equal(text, 'one two three')
  }
})

t.test('the stream helper tells of each piece', async (t) => {
  const client = await connect(t)
  for (const model of bothWays('words')) {
    const stream = client.chat.completions.stream({ ...say(model), stream_options: { include_usage: true } })
    const snapshots: string[] = []
    stream.on('content', (_delta, snapshot) => void snapshots.push(snapshot))
    t.equal(await stream.finalContent(), 'one two three')
    t.same(snapshots, ['one ', 'one two ', 'one two three'])
    t.equal((await stream.totalUsage()).completion_tokens, 3)
    t.match(await stream.finalChatCompletion(), { choices: [{ finish_reason: 'stop', logprobs: null }] })
  }
  for (const model of bothWays('refusal')) {
    const stream = client.chat.completions.stream(say(model))
    const refused: string[] = []
    stream.on('refusal.delta', ({ delta }) => void refused.push(delta))
    const { message } = (await stream.finalChatCompletion()).choices[0]!
    t.match(message, { content: '', refusal: 'I cannot help with that.' })
    t.same(refused, ['I cannot ', 'help with that.'])
  }
})

t.test('answers that are parsed by a schema', async (t) => {
  const client = await connect(t)
  const City = z.object({ city: z.string() })
  for (const model of bothWays('words')) {
    const response_format = zodResponseFormat(City, 'city')
    const completion = await client.chat.completions.parse({ ...say(model, '{"city":"Berlin"}'), response_format })
    t.same(completion.choices[0]?.message.parsed, { city: 'Berlin' })
    const [asked] = (await upstream.requests()).slice(-1)
    t.match(asked?.body, {
      response_format: { json_schema: { name: 'city', strict: true, schema: { type: 'object' } } }
    })
    const stream = client.chat.completions.stream({ ...say(model, '{"city":"Bonn"}'), response_format })
    t.same((await stream.finalChatCompletion()).choices[0]?.message.parsed, { city: 'Bonn' })
  }
  for (const model of bothWays('refusal')) {
    const completion = await client.chat.completions.parse({
      ...say(model),
      response_format: zodResponseFormat(City, 'c')
    })
    t.match(completion.choices[0]?.message, { parsed: null, refusal: 'I cannot help with that.' })
  }
})

t.test('tools that the client runs by itself', async (t) => {
  const client = await connect(t)
  const look = (name: string) => ({
    type: 'function' as const,
    function: {
      name,
      description: 'Looks something up',
      parameters: { type: 'object', properties: { query: { type: 'string' } } },
      parse: (text: string) => JSON.parse(text) as { query: string },
      function: ({ query }: { query: string }) => `${query} is fine`
    }
  })
  for (const model of bothWays('tool')) {
    const request = { ...say(model, 'Berlin'), tools: [look('look_up')] }
    t.equal(await client.chat.completions.runTools(request).finalContent(), 'tool said: Berlin is fine', model)
    const stream = client.chat.completions.runTools({ ...request, stream: true })
    t.equal(await stream.finalContent(), 'tool said: Berlin is fine', `${model}, streamed`)
  }
  for (const model of bothWays('tools-at-once')) {
    const runner = client.chat.completions.runTools({
      ...say(model, 'Bonn'),
      tools: [look('one'), look('two')],
      stream: true
    })
    const names: string[] = []
    runner.on('functionToolCall', ({ name }) => void names.push(name))
    t.equal(await runner.finalContent(), 'tool said: Bonn is fine')
    t.same(names, ['one', 'two'], `${model}: two calls at once`)
  }
})

t.test('embeddings, which this client asks for in base64', async (t) => {
  const client = await connect(t)
  const { data, usage } = await client.embeddings.create({ model: 'offline/embeddings-en', input: ['a cat', 'a dog'] })
  t.equal(data.length, 2)
  t.equal(data[0]?.embedding.length, 512)
  t.ok(usage.prompt_tokens > 0)
  const floats = await client.embeddings.create({ model: 'embeddings-en', input: 'a cat', encoding_format: 'float' })
  t.ok(Math.abs((floats.data[0]?.embedding[0] ?? 9) - (data[0]?.embedding[0] ?? 0)) < 1e-6)
})

t.test('models, listed and one by one', async (t) => {
  const client = await connect(t)
  const ids: string[] = []
  for await (const { id } of client.models.list()) ids.push(id)
  for (const model of [...bothWays('words'), 'offline/embeddings-en']) {
    t.ok(ids.includes(model), model)
    t.match(await client.models.retrieve(model), { id: model, object: 'model', owned_by: String })
  }
  await fails(t, client.models.retrieve('nobody/nothing'), NotFoundError)
})

t.test('a client that leaves closes the connection to the provider', async (t) => {
  const client = await connect(t)
  const create = (model: string, options: object, kind: typeof APIUserAbortError | typeof APIConnectionTimeoutError) =>
    fails(t, client.chat.completions.create(say(model), options), kind)
  const leaves: [string, (model: string) => Promise<unknown>][] = [
    [
      'a break out of a stream',
      async (model) => {
        for await (const _ of await client.chat.completions.create({ ...say(model), stream: true })) break
      }
    ],
    [
      'the abort of a stream helper',
      async (model) => {
        const stream = client.chat.completions.stream(say(model))
        stream.on('content', () => stream.abort())
        await fails(t, stream.done(), APIUserAbortError)
      }
    ],
    ['a signal', (model) => create(model, { signal: AbortSignal.timeout(150) }, APIUserAbortError)],
    ['a time-out', (model) => create(model, { timeout: 150 }, APIConnectionTimeoutError)]
  ]
  for (const model of bothWays('slow')) {
    for (const [name, leave] of leaves) {
      await upstream.reset()
      await leave(model)
      t.equal((await upstream.waitFor(({ ended }) => ended !== undefined)).ended, 'client_closed', `${model}: ${name}`)
    }
  }
})

t.test('errors are of the classes of this client', async (t) => {
  const client = await connect(t)
  const create = (model: string, more: object = {}) => client.chat.completions.create({ ...say(model), ...more })
  for (const model of bothWays('status-429')) {
    const limited = { status: 429, code: 'rate_limit_exceeded', type: 'rate_limit_error', requestID: String }
    await fails(t, create(model), RateLimitError, limited)
    const error = (await create(model).catch((reason: unknown) => reason)) as RateLimitError
    t.equal(error.headers?.get('retry-after'), '7')
  }
  await fails(t, create('up/status-400'), BadRequestError, { code: 'context_length_exceeded' })
  await fails(t, create('up/status-401'), InternalServerError, { status: 502, code: 'provider_refused' })
  await fails(t, create('up/status-500', { stream: true }), InternalServerError)
  await fails(t, create('nobody/nothing'), NotFoundError, { code: 'model_not_found', param: 'model' })
  await fails(t, create('up/words', { temperature: 'hot' }), BadRequestError, { param: 'temperature' })
  const stranger = client.withOptions({ apiKey: 'x'.repeat(40) })
  const unknown = { status: 401, code: 'invalid_api_key', type: 'authentication_error' }
  await fails(t, stranger.chat.completions.create(say('up/words')), AuthenticationError, unknown)
  await fails(t, stranger.models.retrieve('up/words'), AuthenticationError, unknown)
  await fails(t, client.chat.completions.stream(say('up/error-mid')).done(), APIError, { code: 'provider_failed' })
})

t.test('a client that tries again by itself, when it is told to', async (t) => {
  const client = (await connect(t)).withOptions({ maxRetries: 1 })
  await fails(t, client.chat.completions.create(say('up/status-500')), InternalServerError)
  t.equal((await upstream.requests()).length, 2)
})
