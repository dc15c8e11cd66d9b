import { once } from 'node:events'
import net from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import OpenAI from 'openai'
import t, { type Test } from 'tap'
import { bearer, type BuildOptions, listenGateway, SECRETS, TOKENS } from '../../support/gateway.ts'
import { vectorOf } from '../../upstream/embeddings.ts'
import { startUpstream, type Upstream } from '../../upstream/start.ts'

let upstream: Upstream
/** The gateway of all parts that leave it as it was: its offline model is loaded once. */
let shared: Awaited<ReturnType<typeof connect>>
t.before(async () => {
  upstream = await startUpstream()
  shared = await connect(t)
})
t.beforeEach(() => upstream.reset())
t.teardown(() => upstream.stop())

const OFFLINE = 'offline/embeddings-en'

const clientOf = (url: string, apiKey = SECRETS.api) => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })

async function connect(t: Test, options: BuildOptions = {}) {
  const { url, app } = await listenGateway(t, {
    providers: {
      up: {
        type: 'openai-compatible',
        baseURL: `${upstream.url}/v1`,
        apiKey: 'sk-upstream-0123456789',
        timeoutMs: 3000
      }
    },
    ...options
  })
  return { client: clientOf(url), url, app }
}

const post = (url: string, body: unknown, signal?: AbortSignal) =>
  fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { ...bearer(), 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal
  })

const near = (one: number[], other: number[]) =>
  one.length === other.length && one.every((value, at) => Math.abs(value - (other[at] ?? NaN)) < 1e-6)

t.test('a text, in base64 as the client asks by default, and as numbers', async (t) => {
  const { client, url } = shared
  for (const model of [OFFLINE, 'embeddings-en', 'up/embed']) {
    const answer = await client.embeddings.create({ model, input: 'hello world' })
    t.match(answer, { object: 'list', model, data: [{ object: 'embedding', index: 0 }] })
    t.ok(answer.usage.prompt_tokens > 0)
    t.equal(answer.usage.total_tokens, answer.usage.prompt_tokens)
    const [first] = answer.data
    t.ok(Math.abs(Math.hypot(...(first?.embedding ?? [])) - 1) < 1e-5, 'of length 1')

    const numbers = await client.embeddings.create({ model, input: 'hello world', encoding_format: 'float' })
    t.ok(near(numbers.data[0]?.embedding ?? [], first?.embedding ?? []), 'the same numbers')
  }
  const raw = await post(url, { model: OFFLINE, input: 'x', encoding_format: 'base64', not_a_parameter: {}, user: 'u' })
  t.match(raw.headers.get('content-type'), 'application/json')
  const { data } = (await raw.json()) as { data: { embedding: string }[] }
  t.equal(Buffer.from(data[0]?.embedding ?? '', 'base64').length, 512 * 4, 'little-endian 32-bit floats')
  const plain = (await (await post(url, { model: OFFLINE, input: 'x' })).json()) as { data: { embedding: unknown }[] }
  t.ok(Array.isArray(plain.data[0]?.embedding), 'numbers when nothing is asked for')
})

t.test('several texts, in their order, and shorter vectors', async (t) => {
  const { client } = shared
  const input = ['one', 'two words', 'three']
  const { data, usage } = await client.embeddings.create({ model: 'up/embed', input, dimensions: 4 })
  t.same(
    data.map(({ index }) => index),
    [0, 1, 2]
  )
  for (const [index, text] of input.entries()) {
    const vector = [...vectorOf(text, 4)]
    t.ok(
      near(
        data[index]?.embedding ?? [],
        vector.map((value) => value / Math.hypot(...vector))
      ),
      text
    )
  }
  t.equal(usage.prompt_tokens, 4)
  const [sent] = await upstream.requests()
  t.match(sent?.body, { model: 'embed', input, dimensions: 4, encoding_format: 'base64' })
  const short = await client.embeddings.create({ model: OFFLINE, input, dimensions: 100 })
  t.same(
    short.data.map(({ embedding }) => embedding.length),
    [100, 100, 100]
  )
})

t.test('tokens are what they stand for', async (t) => {
  const { client } = shared
  const hello = [15339, 1917]
  const ask = async (input: OpenAI.EmbeddingCreateParams['input']) =>
    (await client.embeddings.create({ model: 'up/embed', input })).data.map(({ embedding }) => embedding)
  const [text] = await ask('hello world')
  t.ok(near((await ask(hello))[0] ?? [], text ?? []))
  const lists = await ask([hello, [22656], hello])
  t.ok(near(lists[2] ?? [], text ?? []))
  t.match((await upstream.requests()).at(-1)?.body, { input: ['hello world', '本', 'hello world'] })
  await t.rejects(ask([hello, [100_256]]), { status: 400, param: 'input', message: /input\.1: .*cl100k_base/ })
})

t.test('what is refused, in the form of OpenAI', async (t) => {
  const { client, url } = shared
  const inputs: [unknown, RegExp][] = [
    ['', /input: it is empty/],
    [[], /input: expected at least one/],
    [['a', ''], /input\.1: it is empty/],
    [[[]], /input\.0: it is empty/],
    [Array<string>(2049).fill('x'), /at most 2048, not 2049/],
    [5, /input: expected a text/],
    [['a', 5], /input: expected a text/],
    [[1.5], /input: expected a text/],
    [[-1], /input: expected a text/],
    [{ text: 'x' }, /input: expected a text/]
  ]
  for (const [input, message] of inputs) {
    const refused = client.embeddings.create({ model: OFFLINE, input: input as string })
    await t.rejects(refused, { status: 400, type: 'invalid_request_error', param: 'input', message }, String(message))
  }
  const create = (more: object) => client.embeddings.create({ model: OFFLINE, input: 'x', ...more })
  await t.rejects(create({ dimensions: 513 }), { status: 400, param: 'dimensions', message: /have 512 numbers/ })
  await t.rejects(create({ dimensions: 0 }), { status: 400, param: 'dimensions', message: /at least 1/ })
  await t.rejects(create({ encoding_format: 'hex' }), {
    status: 400,
    param: 'encoding_format',
    message: /encoding_format/
  })
  for (const body of [{ input: 'x' }, { model: OFFLINE }]) t.equal((await post(url, body)).status, 400)
  for (const model of ['text-embedding-3-small', 'up', 'builtin/echo', 'agent/default', 'offline/other']) {
    await t.rejects(create({ model }), { status: 404, code: 'model_not_found', param: 'model' }, model)
  }
  await t.rejects(create({ model: 'up/embed-fixed', dimensions: 4 }), { status: 400, message: /does not support/ })
})

t.test('failures of a provider', async (t) => {
  const { client } = await connect(t)
  const create = (model: string) => client.embeddings.create({ model: `up/${model}`, input: ['a', 'b'] })
  await t.rejects(create('status-401'), { status: 502, code: 'provider_refused' })
  await t.rejects(create('status-429'), { status: 429, code: 'rate_limit_exceeded' })
  await t.rejects(create('status-500'), { status: 502, code: 'provider_failed' })
  await t.rejects(create('status-404'), { status: 404, code: 'model_not_found' })
  await t.rejects(create('embed-few'), { status: 502, code: 'provider_failed' })
  await t.rejects(create('embed-silent'), { status: 504, code: 'provider_timeout' })
})

t.test('with `embeddings: false` there is only what providers have', async (t) => {
  const { client } = await connect(t, { embeddings: false })
  await t.rejects(client.embeddings.create({ model: OFFLINE, input: 'x' }), { status: 404, code: 'model_not_found' })
  t.equal((await client.embeddings.create({ model: 'up/embed', input: 'x' })).data.length, 1)
  const ids = (await Array.fromAsync(await client.models.list())).map(({ id }) => id)
  t.notOk(ids.includes(OFFLINE))
})

t.test('scopes', async (t) => {
  const { url } = shared
  const status = async (secret: string) => {
    const body = JSON.stringify({ model: 'up/embed', input: 'x' })
    const headers = { ...bearer(secret), 'content-type': 'application/json' }
    return (await fetch(`${url}/v1/embeddings`, { method: 'POST', headers, body })).status
  }
  t.same(await Promise.all([SECRETS.api, SECRETS.rpc, SECRETS.mcp, 'x'].map(status)), [200, 200, 403, 401])
})

/** Open ones, as the server sees them: a client that does not read is not told of an end. */
const connectionsOf = ({ server }: FastifyInstance) =>
  new Promise<number>((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
  })

t.test('a reader that takes nothing of its answer is cut off', async (t) => {
  const { url, app } = await connect(t, { gateway: { tokens: TOKENS, stallMs: 200 } })
  const { hostname, port } = new URL(url)
  const body = JSON.stringify({ model: 'up/embed-wide', input: Array<string>(1000).fill('x') })
  const socket = net.connect(Number(port), hostname)
  socket.write(
    `POST /v1/embeddings HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${SECRETS.api}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  )
  await once(socket, 'readable')
  while ((await connectionsOf(app)) > 0) await setTimeout(20)
  let text = ''
  socket.setEncoding('latin1').on('data', (part: string) => (text += part))
  await once(socket, 'close')
  t.notOk(text.endsWith('0\r\n\r\n'), 'not whole')
})

t.test('a client that leaves ends the work', async (t) => {
  const { url } = shared
  const leave = new AbortController()
  const left = t.rejects(post(url, { model: 'up/embed-silent', input: 'x' }, leave.signal))
  await upstream.waitFor(({ path }) => path === '/v1/embeddings')
  leave.abort()
  await left
  await upstream.waitFor(({ ended }) => ended === 'client_closed', 400)
})

/** The length of a body that is not kept: putting tens of megabytes together would be what stops the event loop. */
async function countBytes({ body }: Response): Promise<number> {
  let bytes = 0
  for await (const chunk of body ?? []) bytes += (chunk as Uint8Array).length
  return bytes
}

/** Asks for the health until told to stop. @returns the slowest answer in milliseconds, and how many there were */
async function pollHealth(url: string, until: Promise<unknown>): Promise<{ slowest: number; answers: number }> {
  const over = new AbortController()
  void until.then(() => over.abort())
  let slowest = 0
  let answers = 0
  while (!over.signal.aborted) {
    const startedAt = performance.now()
    await (await fetch(`${url}/health`)).text()
    slowest = Math.max(slowest, performance.now() - startedAt)
    answers++
    await setTimeout(5)
  }
  return { slowest, answers }
}

for (const [name, model, count, format] of [
  ['2,048 texts, numbers of a provider', 'up/embed-wide', 2048, 'float'],
  ['2,048 texts, base64 of a provider', 'up/embed-wide', 2048, 'base64'],
  ['300 texts, offline', OFFLINE, 300, 'float']
] as const) {
  t.test(`others are answered meanwhile: ${name}`, async (t) => {
    const { url, client } = shared
    await (await post(url, { model, input: 'load it' })).text()
    await (await fetch(`${url}/health`)).text()
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const input = Array.from({ length: count }, (_, index) => `This is the text of number ${index}`)
    const startedAt = performance.now()
    const answer = post(url, { model, input, encoding_format: format }).then(countBytes)
    let done = false
    void answer.then(() => (done = true))
    const one = model === OFFLINE && setTimeout(200).then(() => client.embeddings.create({ model, input: 'one' }))
    if (one) void one.then(() => t.notOk(done, 'one text is answered while hundreds are computed'))
    const { slowest, answers } = await pollHealth(url, answer)
    await one
    const whole = performance.now() - startedAt
    delay.disable()
    const bytes = await answer
    t.comment(`${answers} answers, the slowest after ${slowest.toFixed()} ms; ${bytes} bytes; the event loop stood still
      for ${(delay.max / 1e6).toFixed()} ms at most`)
    t.ok(bytes > count * 512 * 4)
    t.ok(answers >= 5, `${answers} answers`)
    t.ok(slowest < whole / 2, `the slowest after ${slowest.toFixed()} ms of ${whole.toFixed()}`)
  })
}
