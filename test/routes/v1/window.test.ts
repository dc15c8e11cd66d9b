import OpenAI from 'openai'
import t, { type Test } from 'tap'
import { defineTool } from '../../../src/gateway.ts'
import Type from 'typebox'
import { bearer, listenGateway, SECRETS } from '../../support/gateway.ts'
import { watch } from '../../support/watch.ts'
import { startUpstream, type Upstream } from '../../upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

/** A window of 256 tokens has room for 768 characters. */
const WINDOW = 256
const archive = defineTool({
  name: 'look_up',
  description: 'Finds much',
  parameters: Type.Object({ query: Type.String() }),
  execute: () => 'found '.repeat(50_000)
})

async function connect(t: Test) {
  const models = ['words', 'tool-loop', 'tools-at-once'].map((id) => ({ id, contextWindow: WINDOW }))
  const { url } = await listenGateway(t, {
    providers: { small: { type: 'openai-compatible', baseURL: `${upstream.url}/v1`, models } },
    agents: {
      default: { provider: 'small', model: 'words' },
      looper: { provider: 'small', model: 'tool-loop', tools: ['memory_search'], maxSteps: 12 },
      finder: { provider: 'small', model: 'tools-at-once', tools: ['look_up'] }
    },
    tools: [archive]
  })
  await upstream.reset()
  const seen = await watch(t, url, { query: '?types=model:context_trimmed,agent:steps_dropped' })
  return { url, seen, client: new OpenAI({ baseURL: `${url}/v1`, apiKey: SECRETS.all, maxRetries: 0 }) }
}

interface Sent {
  messages: { role: string; content: unknown; tool_call_id?: string; tool_calls?: { id: string }[] }[]
}
const sent = async () => (await upstream.requests()).map(({ body }) => (body as Sent).messages)

const step = (id: string, output: string) => [
  { type: 'function_call' as const, call_id: id, name: 'look', arguments: '{}' },
  { type: 'function_call_output' as const, call_id: id, output }
]

t.test('the oldest messages are left out, which is told', async (t) => {
  const { client, seen } = await connect(t)
  const input = ['old '.repeat(300), 'newer', 'now'].map((content) => ({ role: 'user' as const, content }))
  const whole = { model: 'small/words', input }
  await client.responses.create(whole)
  await client.responses.create({ ...whole, truncation: 'auto' })
  t.same(
    (await sent()).map((messages) => messages.length),
    [3, 2]
  )
  await seen.until(1)
  t.match(seen.of('model:context_trimmed'), [
    { model: 'small/words', contextWindow: WINDOW, dropped: 1, kept: 2, turnId: /^turn_/, clientId: 'all' }
  ])
})

t.test('of what was done since the question the newest steps stay, and the question', async (t) => {
  const { client } = await connect(t)
  const input = [
    { role: 'system' as const, content: 'Be brief' },
    { role: 'user' as const, content: 'before' },
    { role: 'user' as const, content: 'the question' },
    ...step('one', 'x'.repeat(500)),
    ...step('two', 'y'.repeat(300)),
    ...step('three', 'z'.repeat(200))
  ]
  const ask = { model: 'small/words', truncation: 'auto' as const }
  await client.responses.create({ ...ask, input })
  const [messages = []] = await sent()
  t.same(
    messages.map(({ role, tool_call_id: id }) => (id ? `${role} ${id}` : role)),
    ['system', 'user', 'assistant', 'tool two', 'assistant', 'tool three']
  )
  t.equal(messages[1]?.content, 'the question')

  await upstream.reset()
  await client.responses.create({ ...ask, input: [...input, ...step('four', 'w'.repeat(5000))] })
  const [last = []] = await sent()
  const roles = last.map(({ role }) => role)
  t.same(roles, ['system', 'user', 'assistant', 'tool'], 'the last step stays though there is no room for it')
})

t.test('an agent that goes on for long forgets its first steps, and not what it was asked', async (t) => {
  const { url, seen } = await connect(t)
  await fetch(`${url}/api/chat`, {
    method: 'POST',
    headers: { ...bearer(), 'content-type': 'application/json' },
    body: JSON.stringify({ message: `the question ${'x'.repeat(300)}`, agentId: 'looper', sessionKey: 's' })
  })
  const all = await sent()
  t.ok(all.length > 5)
  for (const messages of all) {
    const [asked, first] = messages.filter(({ role }) => role !== 'system')
    t.match(asked, { role: 'user', content: /the question/ })
    if (first) t.ok(first.tool_calls, 'no result is without its call')
    t.ok(JSON.stringify(messages).length < 3000)
  }
  await seen.until(1)
  t.match(seen.of('model:context_trimmed'), [{ agentId: 'looper', sessionKey: 's' }], 'it is told once')
})

t.test('steps that are too long to be kept are told', async (t) => {
  const { client, seen } = await connect(t)
  const tools = [{ type: 'function' as const, function: { name: 'own', parameters: { type: 'object' } } }]
  const messages = [{ role: 'user' as const, content: 'Berlin' }]
  const { choices } = await client.chat.completions.create({ model: 'agent/finder', messages, tools })
  t.equal(choices[0]?.finish_reason, 'tool_calls')
  await seen.until(1)
  t.match(seen.of('agent:steps_dropped'), [{ agentId: 'finder', size: Number, limit: 262_144 }])
})
