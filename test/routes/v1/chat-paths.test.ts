import { createParser } from 'eventsource-parser'
import t, { type Test } from 'tap'
import { bearer, listenGateway, SECRETS } from '../../support/gateway.ts'
import { waitUntil } from '../../support/watch.ts'
import { startUpstream, type Upstream } from '../../upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

const ANSWERS = [
  'words',
  'words-50',
  'tool',
  'tools-at-once',
  'refusal',
  'usage',
  'comments',
  'crlf',
  'cut',
  'reasoning'
]
const FAILURES = ['error-mid', 'truncated', 'reset', 'status-400', 'status-401', 'status-429', 'status-500']

/** `up` and `openai` are passed on; an agent's turn reads what its model says and writes it anew. */
const PASSED_ON = ['up', 'openai']

async function connect(t: Test): Promise<string> {
  const baseURL = `${upstream.url}/v1`
  const { url } = await listenGateway(t, {
    providers: {
      up: { type: 'openai-compatible', baseURL, maxRetries: 0, breaker: { failures: 0 } },
      openai: { type: 'openai', baseURL, apiKey: 'k', maxRetries: 0, breaker: { failures: 0 } }
    },
    agents: Object.fromEntries([...ANSWERS, ...FAILURES].map((model) => [model, { provider: 'up', model }]))
  })
  await upstream.reset()
  return url
}

/** Words that JSON has to escape, first and last and among others. */
const SAID = 'one "two" \\ three\n\u0007 vier \u{1F600} five\\ six \\" seven'

interface Ask {
  url: string
  model: string
  more?: object
}

function ask({ url, model, more }: Ask): Promise<Response> {
  const tools = [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } }]
  const messages = [{ role: 'user', content: SAID }]
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${SECRETS.api}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages, tools, ...more })
  })
}

type Chunk = { choices: Record<string, unknown>[] } & Record<string, unknown>

/** What an answer says: without what is another in each, and what a provider adds. */
function said({ id: _id, created: _created, model: _model, ...chunk }: Chunk): object {
  delete chunk['system_fingerprint']
  delete chunk['service_tier']
  return JSON.parse(JSON.stringify(chunk, (key, value: unknown) => (key === 'id' ? 'call' : value))) as object
}

async function streamed(asked: Ask): Promise<{ status: number; events: unknown[] }> {
  const response = await ask({ ...asked, more: { ...asked.more, stream: true } })
  if (response.status !== 200) return { status: response.status, events: [await response.json()] }
  const events: unknown[] = []
  const ids = new Set<unknown>()
  const parser = createParser({
    onEvent({ data }) {
      if (data === '[DONE]') return events.push(data)
      const chunk = JSON.parse(data) as Chunk
      if (!chunk['error']) ids.add([chunk['id'], chunk['created'], chunk['model'], chunk['object']].join())
      return events.push(chunk['error'] ? chunk : said(chunk))
    }
  })
  parser.feed(await response.text())
  if (ids.size > 1) throw new Error(`chunks are of several completions: ${[...ids].join(' ')}`)
  return { status: response.status, events }
}

async function whole(asked: Ask): Promise<{ status: number; body: unknown }> {
  const response = await ask(asked)
  const body = (await response.json()) as Chunk
  return { status: response.status, body: response.status === 200 ? said(body) : body }
}

for (const more of [{}, { stream_options: { include_usage: true } }, { logprobs: true }]) {
  t.test(`a stream is the same, passed on or written anew: ${JSON.stringify(more)}`, async (t) => {
    const url = await connect(t)
    for (const scenario of [...ANSWERS, ...FAILURES]) {
      const anew = await streamed({ url, model: `agent/${scenario}`, more })
      for (const provider of PASSED_ON) {
        const passedOn = await streamed({ url, model: `${provider}/${scenario}`, more })
        const named = JSON.parse(JSON.stringify(passedOn).replaceAll('\\"openai\\"', '\\"up\\"')) as object
        t.same(named, anew, `${provider}/${scenario}`)
      }
      if (ANSWERS.includes(scenario)) t.ok(anew.events.length > 3, `${anew.events.length} events`)
    }
  })
}

t.test('what is said by chunks that are alike, and by others among them, is said to the letter', async (t) => {
  const url = await connect(t)
  for (const model of ['up/words', 'agent/words', 'up/comments', 'agent/comments', 'up/crlf', 'agent/crlf']) {
    const { events } = await streamed({ url, model })
    const deltas = events.map((event) => (event as { choices?: { delta: { content?: string } }[] }).choices?.[0]?.delta)
    t.equal(deltas.map((delta) => delta?.content ?? '').join(''), SAID, model)
  }
})

t.test('a whole answer is the same', async (t) => {
  const url = await connect(t)
  for (const scenario of ANSWERS) {
    const anew = await whole({ url, model: `agent/${scenario}` })
    for (const provider of PASSED_ON) {
      t.same(await whole({ url, model: `${provider}/${scenario}` }), anew, `${provider}/${scenario}`)
    }
  }
})

t.test('what a provider adds to its chunks reaches the client', async (t) => {
  const url = await connect(t)
  const text = await (await ask({ url, model: 'up/words-50', more: { stream: true } })).text()
  t.equal(text.match(/"system_fingerprint":"fp_upstream"/g)?.length, 50)
  t.notMatch(text, /"usage"/, 'and not the usage, which was not asked for')
})

t.test('a turn is counted, told of and stopped, passed on or not', async (t) => {
  const url = await connect(t)
  const headers = bearer(SECRETS.admin)
  for (const stream of [true, false]) {
    const response = ask({ url, model: 'up/slow', more: { stream } })
    await upstream.waitFor(({ ended, chunksSent }) => !ended && (chunksSent > 0 || !stream))
    const listed = await fetch(`${url}/api/turns`, { headers })
    const { turns } = (await listed.json()) as { turns: { id: string }[] }
    t.equal(turns.length, 1)
    await fetch(`${url}/api/turns/${turns[0]?.id}`, { method: 'DELETE', headers })
    t.match(await (await response).text(), /The turn was aborted/)
    t.equal((await upstream.waitFor(({ ended }) => ended !== undefined)).ended, 'client_closed')
    await upstream.reset()
  }
  await (await ask({ url, model: 'up/words-50', more: { stream: true } })).text()
  await (await ask({ url, model: 'up/words-50' })).text()
  const told = async () => {
    const activity = await fetch(`${url}/api/activity?limit=100`, { headers })
    const { entries } = (await activity.json()) as { entries: { event: string; payload: { output?: number } }[] }
    return entries.filter(({ event, payload }) => event === 'observability:token_usage' && payload.output === 50)
  }
  await waitUntil(async () => (await told()).length === 2)
})
