import Type from 'typebox'
import t, { type Test } from 'tap'
import { defineTool, type GatewayOptions } from '../src/gateway.ts'
import { bearer, buildGateway, listenGateway } from './support/gateway.ts'
import { parseEvents } from './support/sse.ts'
import { startUpstream, type Upstream } from './upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

const seen: unknown[] = []
const lookup = defineTool({
  name: 'lookup',
  description: 'Looks something up.',
  parameters: Type.Object({ query: Type.String() }),
  execute({ query }) {
    seen.push(query)
    if (query === 'fail') throw new Error('the shelf is empty')
    return `found ${query}`
  }
})

async function build(t: Test, model: string, agent: object = {}, more: GatewayOptions = {}) {
  await upstream.reset()
  const app = await buildGateway(t, {
    providers: {
      up: {
        type: 'openai-compatible',
        baseURL: `${upstream.url}/v1`,
        timeoutMs: 2000,
        models: [{ id: model, contextWindow: 256, price: { input: 1, output: 2 } }]
      }
    },
    agents: { default: { provider: 'up', model, tools: ['lookup'], ...agent } },
    tools: [lookup],
    ...more
  })
  return {
    chat: async (message: string, sessionKey = 's') =>
      app.inject({ method: 'POST', url: '/api/chat', payload: { message, sessionKey }, headers: bearer() }),
    app
  }
}

t.test('an agent runs its tools and answers with what they found', async (t) => {
  const { chat, app } = await build(t, 'tool')
  const answer = (await chat('rain')).json()
  t.match(answer, { response: 'tool said: found rain', finishReason: 'stop' })
  t.same(seen.splice(0), ['rain'])
  const requests = await upstream.requests()
  t.equal(requests.length, 2)
  t.match(requests[1]?.body, {
    messages: [
      { role: 'user' },
      { role: 'assistant', tool_calls: [{ function: { name: 'lookup' } }] },
      { role: 'tool', content: 'found rain' }
    ]
  })
  const stream = await app.inject({ url: '/api/chat/stream?message=snow&sessionKey=t', headers: bearer() })
  const events = await parseEvents(stream.body)
  t.match(
    events.map(({ event }) => event).filter((event, n, all) => event !== all[n - 1]),
    ['tool_call', 'tool_result', 'token', 'done']
  )
  const result = JSON.parse(events.find(({ event }) => event === 'tool_result')?.data ?? '')
  t.match(result, { name: 'lookup', output: 'found snow' })
})

t.test('a later turn knows of the tool calls of an earlier one', async (t) => {
  const { chat } = await build(t, 'tool')
  await chat('rain')
  await upstream.reset()
  await chat('snow')
  const [request] = await upstream.requests()
  t.match(
    (request?.body as { messages: { role: string }[] } | undefined)?.messages.map(({ role }) => role),
    ['user', 'assistant', 'tool', 'assistant', 'user']
  )
})

t.test('what a tool throws, or was wrongly given, is told to the model', async (t) => {
  const { chat } = await build(t, 'tool')
  t.match((await chat('fail')).json().response, /the shelf is empty/)
  const bad = await build(t, 'tool-bad')
  const answer = await bad.chat('x')
  t.equal(answer.json().finishReason, 'max_steps')
  const bodies = (await upstream.requests()).map(({ body }) => JSON.stringify(body))
  t.match(bodies.at(-1), /The arguments are not JSON/)
})

t.test('a model that never stops calling is stopped', async (t) => {
  const { chat } = await build(t, 'tool-loop', { maxSteps: 3 })
  t.match((await chat('again')).json(), { finishReason: 'max_steps' })
  t.equal((await upstream.requests()).length, 3)
  const after = await chat('and again')
  t.equal(after.statusCode, 200, 'and the session can go on: no call is left without its result')
})

t.test('a turn that takes too long is a time-out', async (t) => {
  const { chat } = await build(t, 'slow', { timeoutSeconds: 1 })
  const answer = await chat('x')
  t.match([answer.statusCode, answer.json()], [504, { error: 'The turn took longer than 1 s' }])
  t.equal((await upstream.waitFor(({ ended }) => ended !== undefined)).ended, 'client_closed')
})

t.test('history is limited by number and by the model’s window, and starts with the user', async (t) => {
  const { chat } = await build(t, 'words', { tools: [], historyLimit: 3, systemPrompt: 'sys' })
  for (const message of ['one', 'two', 'three', 'four']) await chat(message)
  const sent = async () => {
    const { body } = (await upstream.requests()).at(-1) ?? {}
    return (body as { messages: { content: string }[] }).messages.map(({ content }) => content)
  }
  t.same(await sent(), ['sys', 'three', 'three', 'four'])
  await chat('long '.repeat(200))
  t.equal((await sent()).length, 2, 'the last message stays, however long')
  await chat('short')
  t.same(await sent(), ['sys', 'short'])
})

t.test('usage and cost are kept', async (t) => {
  const { url } = await listenGateway(t, { agents: { default: { provider: 'builtin', model: 'echo' } } })
  const response = await fetch(`${url}/api/chat`, {
    method: 'POST',
    headers: { ...bearer(), 'content-type': 'application/json' },
    body: JSON.stringify({ message: 'one two' })
  })
  t.match(await response.json(), { tokensUsed: { input: 2, output: 2, total: 4 } })
})

t.test('the built-in model says what it is and finds what it was told', async (t) => {
  const app = await buildGateway(t)
  const say = async (message: string) =>
    (
      await app.inject({ method: 'POST', url: '/api/chat', payload: { message, sessionKey: 'r' }, headers: bearer() })
    ).json().response as string
  t.match(
    await say('Please remember that my dentist is called Dr. Okafor'),
    /I will remember: my dentist is called Dr\. Okafor.*not a language model.*OPENAI_API_KEY/s
  )
  t.match(await say('The train leaves at nine'), /^Noted/)
  t.equal(await say('Who is my dentist?'), 'You told me: my dentist is called Dr. Okafor')
  t.equal(await say('When does the train leave?'), 'You told me: The train leaves at nine')
  t.match(await say('What is the capital of Peru?'), /do not find anything/)
})
