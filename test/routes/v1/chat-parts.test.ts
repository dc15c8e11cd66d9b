import OpenAI from 'openai'
import t, { type Test } from 'tap'
import { failureOf } from '../../support/failure.ts'
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
      up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` },
      openai: { type: 'openai', baseURL: `${upstream.url}/v1`, apiKey: 'k' },
      claude: { type: 'anthropic', baseURL: `${upstream.url}/v1`, apiKey: 'k' }
    },
    agents: {
      pirate: { provider: 'up', model: 'text-only', systemPrompt: 'You are a pirate.' },
      openai: { provider: 'openai', model: 'words' }
    }
  })
  await upstream.reset()
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: SECRETS.api, maxRetries: 0 })
}

const text = { type: 'text', text: 'See' }
const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } }
const audio = { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }
const file = { type: 'file', file: { file_data: 'data:application/pdf;base64,AAAA', filename: 'a.pdf' } }

const send = (client: OpenAI, model: string, messages: object[]) =>
  client.chat.completions.create({ model, messages: messages as OpenAI.ChatCompletionMessageParam[] })
const ask = (client: OpenAI, model: string, ...content: object[]) => send(client, model, [{ role: 'user', content }])

async function messagesSent() {
  const [request] = await upstream.requests()
  return (request?.body as { messages: { tool_calls?: { id: string }[] }[] } | undefined)?.messages ?? []
}

t.test('parts go to a provider of the same wire format as they came', async (t) => {
  const client = await connect(t)
  await ask(client, 'up/words', text, image, audio, file)
  t.same(await messagesSent(), [{ role: 'user', content: [text, image, audio, file] }])
})

t.test('a part that the provider does not take is named', async (t) => {
  const client = await connect(t)
  const cases: [string, object[], string, RegExp][] = [
    ['up/text-only', [text, image], 'messages.0.content.1', /Invalid content type/],
    ['up/text-only-kind', [image, audio], 'messages.0.content.0', /does not support image_url input/],
    ['up/text-only-kind', [text, audio], 'messages.0.content.1', /input_audio/],
    ['up/text-only-500', [text, audio, image], 'messages.0.content.2', /image input is not supported/],
    ['up/text-only-enum', [text, file], 'messages.0.content.1', /expected `text`/],
    ['agent/pirate', [text, image], 'messages.0.content.1', /Invalid content type/],
    ['agent/openai', [text, image, audio], 'messages.0.content.2', /audio\/wav/],
    ['claude/words', [text, audio], 'messages.0.content.1', /audio\/wav/]
  ]
  for (const [model, content, param, message] of cases) {
    const error = await failureOf(ask(client, model, ...content))
    t.match([error.status, error.type, error.param], [400, 'invalid_request_error', param], model)
    t.match(error.message, new RegExp(`does not take ${param.replaceAll('.', '\\.')} \\(`))
    t.match(error.message, message)
  }
  const other = await failureOf(ask(client, 'up/status-400', text, image))
  t.match([other.code, other.param], ['context_length_exceeded', null], 'what is not about a part stays as it was')
  const system = [{ role: 'system', content: 'x' }]
  const later = await failureOf(send(client, 'up/text-only', [...system, { role: 'user', content: [image] }]))
  t.equal(later.param, 'messages.1.content.0')
})

t.test('what a tool answers is text, as OpenAI has it', async (t) => {
  const client = await connect(t)
  const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }
  const answered = (content: object[]) => [
    { role: 'user', content: 'x' },
    { role: 'assistant', tool_calls: [call] },
    { role: 'tool', tool_call_id: 'c', content }
  ]
  await send(client, 'up/words', answered([text, text]))
  t.match((await messagesSent())[2], { role: 'tool', content: 'SeeSee' })
  const error = await failureOf(send(client, 'up/words', answered([text, image])))
  t.match([error.status, error.param], [400, 'messages.2.content.1'])
  t.match(error.message, /a part of the type text: images, sound and files go into a user message/)
})

t.test('what is not a part, or names what is not here, is refused before anything is asked', async (t) => {
  const client = await connect(t)
  const cases: [object, string][] = [
    [{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }, 'messages.0.content.1.image_url.url'],
    [{ type: 'image_url', image_url: 'http://a.example/b.png' }, 'messages.0.content.1.image_url'],
    [{ type: 'video_url', video_url: { url: 'http://a.example' } }, 'messages.0.content.1'],
    [{ type: 'file', file: { file_id: 'file-1' } }, 'messages.0.content.1.file.file_id'],
    [{ type: 'file', file: {} }, 'messages.0.content.1.file'],
    [{ type: 'input_audio', input_audio: { format: 'wav' } }, 'messages.0.content.1.input_audio.data']
  ]
  for (const [part, param] of cases) {
    const error = await failureOf(ask(client, 'up/words', text, part))
    t.match([error.status, error.param], [400, param])
    t.match(error.message, new RegExp(param.replaceAll('.', '\\.')))
  }
  const spoken = { role: 'assistant', audio: { id: 'audio_1' } }
  const error = await failureOf(send(client, 'up/words', [{ role: 'user', content: 'Hi' }, spoken]))
  t.equal(error.param, 'messages.1.audio')
  t.equal((await upstream.requests()).length, 0)
})

t.test('messages of all kinds that real clients send', async (t) => {
  const client = await connect(t)
  const call = { name: 'look_up', arguments: '{"query":"x"}' }
  await send(client, 'up/words', [
    { role: 'user', name: 'ann', content: 'Hi' },
    { role: 'assistant', content: null, refusal: 'I cannot.', audio: null, tool_calls: null, function_call: null },
    { role: 'assistant', name: 'bot', content: [{ type: 'refusal', refusal: 'I will not.' }], tool_calls: [] },
    { role: 'assistant', content: null, function_call: call },
    { role: 'function', name: 'look_up', content: 'found' },
    { role: 'assistant', tool_calls: [{ id: 'c1', type: 'custom', custom: { name: 'run', input: 'ls' } }] },
    {
      role: 'tool',
      name: 'run',
      tool_call_id: 'c1',
      content: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' }
      ]
    },
    {
      role: 'assistant',
      content: '',
      reasoning_content: 'hm',
      tool_calls: [{ id: 'c2', type: 'function', function: call }]
    },
    { role: 'tool', tool_call_id: 'c2', content: null },
    { role: 'user', content: 'Go on' }
  ])
  const messages = await messagesSent()
  const id = messages[3]?.tool_calls?.[0]?.id
  t.same(messages, [
    { role: 'user', content: 'Hi', name: 'ann' },
    { role: 'assistant', content: 'I cannot.' },
    { role: 'assistant', name: 'bot', content: 'I will not.' },
    { role: 'assistant', content: null, tool_calls: [{ id, type: 'function', function: call }] },
    { role: 'tool', tool_call_id: id, content: 'found' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'run', arguments: '{"input":"ls"}' } }]
    },
    { role: 'tool', tool_call_id: 'c1', content: 'ab' },
    {
      role: 'assistant',
      content: null,
      reasoning_content: 'hm',
      tool_calls: [{ id: 'c2', type: 'function', function: call }]
    },
    { role: 'tool', tool_call_id: 'c2', content: '' },
    { role: 'user', content: 'Go on' }
  ])
})
