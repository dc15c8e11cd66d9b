import { setTimeout } from 'node:timers/promises'
import OpenAI from 'openai'
import t, { type Test } from 'tap'
import { failureOf } from '../../support/failure.ts'
import { bearer, listenGateway, SECRETS } from '../../support/gateway.ts'
import { startUpstream, type Upstream } from '../../upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

async function connect(t: Test): Promise<OpenAI & { url: string }> {
  const { url } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1`, timeoutMs: 2000 } }
  })
  await upstream.reset()
  return Object.assign(new OpenAI({ baseURL: `${url}/v1`, apiKey: SECRETS.all, maxRetries: 0 }), { url })
}

const ask = (model: string, n = 3) => ({ model, n, messages: [{ role: 'user' as const, content: 'one two' }] })

t.test('several answers, whole', async (t) => {
  const client = await connect(t)
  const { data, response } = await client.chat.completions.create(ask('up/words')).withResponse()
  t.match(
    data.choices,
    [0, 1, 2].map((index) => ({ index, message: { content: 'one two' }, finish_reason: 'stop' }))
  )
  t.match(data.usage, { prompt_tokens: 6, completion_tokens: 6, total_tokens: 12 })
  t.equal(response.headers.get('x-turn-id')?.split(', ').length, 3)
  const requests = await upstream.requests()
  t.equal(requests.length, 3)
  t.equal(requests.filter(({ body }) => 'n' in (body as object)).length, 0, 'each is asked for by itself')
})

t.test('several answers, streamed side by side', async (t) => {
  const client = await connect(t)
  const options = { stream: true as const, stream_options: { include_usage: true } }
  const chunks = await Array.fromAsync(await client.chat.completions.create({ ...ask('up/slow-30', 2), ...options }))
  t.equal(new Set(chunks.map(({ id }) => id)).size, 1, 'one id')
  const indexes = chunks.map((chunk) => chunk.choices[0]?.index)
  t.ok(indexes.indexOf(1) < indexes.lastIndexOf(0) && indexes.indexOf(0) < indexes.lastIndexOf(1), 'at the same time')
  for (const index of [0, 1]) {
    const own = chunks.flatMap((chunk) => chunk.choices).filter((choice) => choice.index === index)
    t.equal(own[0]?.delta.role, 'assistant')
    t.equal(own.map(({ delta }) => delta.content ?? '').join(''), text30)
    t.same(own.map((choice) => choice.finish_reason).filter(Boolean), ['stop'])
  }
  t.same(
    chunks.filter(({ usage }) => usage).map(({ usage, choices }) => [usage?.completion_tokens, choices]),
    [[60, []]]
  )
})

const text30 = Array.from({ length: 30 }, (_, n) => `token${n} `).join('')

t.test('tools are called in each', async (t) => {
  const client = await connect(t)
  const tools = [{ type: 'function' as const, function: { name: 'look_up' } }]
  const { choices } = await client.chat.completions.create({ ...ask('up/tool', 2), tools })
  t.same(
    choices.map((choice) => [choice.finish_reason, choice.message.tool_calls?.length]),
    [
      ['tool_calls', 1],
      ['tool_calls', 1]
    ]
  )
})

t.test('one that fails is the end of all', async (t) => {
  const client = await connect(t)
  t.equal((await failureOf(client.chat.completions.create(ask('up/status-429')))).status, 429)
  t.equal((await failureOf(client.chat.completions.create(ask('up/error-mid')))).status, 502)
  const stream = await client.chat.completions.create({ ...ask('up/error-mid'), stream: true })
  const seen: string[] = []
  const read = async () => {
    for await (const chunk of stream) seen.push(chunk.choices[0]?.delta.content ?? '')
  }
  t.match(await failureOf(read()), { code: 'provider_failed' })
  t.ok(seen.includes('token0 '))
})

/** How the upstream's requests ended, once all did. */
async function ends(count: number): Promise<unknown[]> {
  for (;;) {
    const ended = (await upstream.requests()).flatMap((request) => request.ended ?? [])
    if (ended.length >= count) return ended
    await setTimeout(10)
  }
}

t.test('one that is cancelled is the end of all', async (t) => {
  const client = await connect(t)
  const failure = failureOf(client.chat.completions.create(ask('up/slow', 2)))
  await upstream.waitFor(({ chunksSent }) => chunksSent > 0)
  const listed = await fetch(`${client.url}/api/turns`, { headers: bearer() })
  const { turns } = (await listed.json()) as { turns: { id: string }[] }
  t.equal(turns.length, 2)
  await fetch(`${client.url}/api/turns/${turns[1]?.id}`, { method: 'DELETE', headers: bearer() })
  t.equal((await failure).code, 'aborted')
  t.same(await ends(2), ['client_closed', 'client_closed'])
})

t.test('a client that leaves stops all of them', async (t) => {
  const client = await connect(t)
  for await (const chunk of await client.chat.completions.create({ ...ask('up/slow'), stream: true })) {
    if (chunk.choices[0]?.index === 2) break
  }
  t.same(await ends(3), ['client_closed', 'client_closed', 'client_closed'])
})
