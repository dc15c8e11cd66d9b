import OpenAI from 'openai'
import t, { type Test } from 'tap'
import type { GatewayOptions } from '../../../src/gateway.ts'
import { listenGateway, SECRETS, temporaryFolder } from '../../support/gateway.ts'
import { startUpstream, type Upstream } from '../../upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

const tools = [
  {
    type: 'function' as const,
    function: { name: 'look_up', parameters: { type: 'object', properties: { query: { type: 'string' } } } }
  }
]
const user = { role: 'user' as const, content: 'Berlin' }
type ChatMessage = OpenAI.ChatCompletionMessageParam

async function connect(t: Test, dataDir: string, more: GatewayOptions = {}) {
  const agent = { provider: 'up', systemPrompt: 'Be brief.', tools: ['current_time'] }
  const { app, url } = await listenGateway(t, {
    dataDir,
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: {
      turns: { ...agent, model: 'first-then-last' },
      other: { ...agent, model: 'first-then-last' },
      once: { ...agent, model: 'tools-at-once' }
    },
    ...more
  })
  await upstream.reset()
  return { app, client: clientOf(url, SECRETS.api), stranger: clientOf(url, SECRETS.all) }
}

const clientOf = (url: string, apiKey: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })

const ask = async (client: OpenAI, model: string, messages: ChatMessage[]) => {
  const { choices } = await client.chat.completions.create({ model, messages, tools })
  return choices[0]!
}

/** The client's call, and its result as the client brings it. */
function answered(message: OpenAI.ChatCompletionMessage): ChatMessage[] {
  const [call] = message.tool_calls ?? []
  return [message, { role: 'tool', tool_call_id: call?.id ?? '', content: 'sunny' }]
}

interface Sent {
  messages: { role: string; content: string; tool_calls?: { function: { name: string } }[]; tool_call_id?: string }[]
}
const lastSent = async () => (await upstream.requests()).at(-1)?.body as Sent
const rolesSent = async () => (await lastSent()).messages.map(({ role }) => role)
const callsIn = (message: Sent['messages'][number] | undefined) =>
  message?.tool_calls?.map((call) => call.function.name)

const WITHOUT_STEPS = ['system', 'user', 'assistant', 'tool']

t.test("an agent's steps before a call of its client's are still known when the result comes", async (t) => {
  const { client } = await connect(t, await temporaryFolder(t))
  const first = await ask(client, 'agent/turns', [user])
  t.equal(first.finish_reason, 'tool_calls')
  t.equal(first.message.content, 'Let me see. And now this. ')
  t.same(
    first.message.tool_calls?.map((call) => call.type === 'function' && call.function.name),
    ['look_up'],
    "the agent's own call does not leave"
  )
  const second = await ask(client, 'agent/turns', [user, ...answered(first.message)])
  t.equal(second.message.content, 'tool said: sunny')

  const { messages } = await lastSent()
  t.same(
    messages.map(({ role, content }) => [role, content.startsWith('{') ? 'json' : content]),
    [
      ['system', 'Be brief.'],
      ['user', 'Berlin'],
      ['assistant', 'Let me see. '],
      ['tool', 'json'],
      ['assistant', 'And now this. '],
      ['tool', 'sunny']
    ]
  )
  t.same([callsIn(messages[2]), callsIn(messages[4])], [['current_time'], ['look_up']])
})

t.test('they outlive a restart, and a longer conversation', async (t) => {
  const folder = await temporaryFolder(t)
  const earlier = await connect(t, folder)
  const first = await ask(earlier.client, 'agent/turns', [user])
  await earlier.app.close()
  const { client } = await connect(t, folder)
  const more: ChatMessage[] = [
    { role: 'assistant', content: 'It is sunny.' },
    { role: 'user', content: 'Thanks' }
  ]
  await ask(client, 'agent/turns', [user, ...answered(first.message), ...more])
  t.same(await rolesSent(), ['system', 'user', 'assistant', 'tool', 'assistant', 'tool', 'assistant', 'user'])
})

t.test('calls of both at once: the own one is run before the turn ends', async (t) => {
  const { client } = await connect(t, await temporaryFolder(t))
  const first = await ask(client, 'agent/once', [user])
  t.equal(first.finish_reason, 'tool_calls')
  t.equal(first.message.tool_calls?.length, 1)
  const second = await ask(client, 'agent/once', [user, ...answered(first.message)])
  t.equal(second.message.content, 'tool said: sunny')
  const { messages } = await lastSent()
  t.same(callsIn(messages[2]), ['current_time', 'look_up'])
  t.same(await rolesSent(), ['system', 'user', 'assistant', 'tool', 'tool'], 'and both results are there')

  await ask(client, 'agent/once', [user, first.message, { role: 'user', content: 'Well?' }])
  t.same(await rolesSent(), ['system', 'user', 'assistant', 'tool', 'user'], 'without its result, too')
})

t.test('they are put back in responses that are not stored', async (t) => {
  const { client } = await connect(t, await temporaryFolder(t))
  const flat = [{ type: 'function' as const, name: 'look_up', parameters: {}, strict: false }]
  const request = { model: 'agent/turns', tools: flat, store: false }
  const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: 'Berlin' }]
  const { output } = await client.responses.create({ ...request, input })
  const call = output.find(({ type }) => type === 'function_call') as OpenAI.Responses.ResponseFunctionToolCall
  const result = { type: 'function_call_output' as const, call_id: call.call_id, output: 'sunny' }
  const second = await client.responses.create({ ...request, input: [...input, call, result] })
  t.equal(second.output_text, 'tool said: sunny')
  t.same(await rolesSent(), ['system', 'user', 'assistant', 'tool', 'assistant', 'tool'])
})

t.test('they are for this client, this agent and this question alone', async (t) => {
  const { client, stranger } = await connect(t, await temporaryFolder(t))
  const first = await ask(client, 'agent/turns', [user])
  const results = answered(first.message)
  await ask(stranger, 'agent/turns', [user, ...results])
  t.same(await rolesSent(), WITHOUT_STEPS, 'another client')
  await ask(client, 'agent/other', [user, ...results])
  t.same(await rolesSent(), WITHOUT_STEPS, 'another agent')
  await ask(client, 'up/words', [user, ...results])
  t.same(await rolesSent(), WITHOUT_STEPS.slice(1), 'a model alone')
  await ask(client, 'agent/turns', [{ ...user, content: 'Bonn' }, ...results])
  t.same(await rolesSent(), WITHOUT_STEPS, 'another question')
  await ask(client, 'agent/turns', [user, ...results])
  t.equal((await rolesSent()).length, 6, 'and they are still there')
})

t.test('an agent without steps of its own stores nothing', async (t) => {
  const { client } = await connect(t, await temporaryFolder(t), {
    agents: { plain: { provider: 'up', model: 'tool' } }
  })
  const first = await ask(client, 'agent/plain', [user])
  const second = await ask(client, 'agent/plain', [user, ...answered(first.message)])
  t.equal(second.message.content, 'tool said: sunny')
  t.same(await rolesSent(), ['user', 'assistant', 'tool'])
})
