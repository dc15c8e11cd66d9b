import t, { type Test } from 'tap'
import { parseConfig } from '../../src/config/parse.ts'
import type { ConfigInput } from '../../src/config/schema.ts'
import { openEmbedders } from '../../src/embeddings/open.ts'
import type { Embedder, Embedders } from '../../src/embeddings/port.ts'
import { vectorOf } from '../upstream/embeddings.ts'
import { startUpstream, type Upstream } from '../upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

const never = new AbortController().signal
const TYPES = ['openai', 'google', 'openai-compatible', 'ollama'] as const
type Type = (typeof TYPES)[number]

function open(t: Test, config: ConfigInput): Embedders {
  const embedders = openEmbedders(parseConfig(config), {})
  t.teardown(() => embedders.close())
  return embedders
}

function model(t: Test, name: string, type: Type = 'openai-compatible'): Embedder {
  const baseURL = `${upstream.url}${type === 'google' ? '/v1beta' : '/v1'}`
  return open(t, { providers: { p: { type, baseURL, apiKey: 'sk-key-0123456789', timeoutMs: 300 } } }).find(`p/${name}`)
}

function expected(text: string, dimensions = 8): number[] {
  const vector = vectorOf(text, dimensions)
  const length = Math.hypot(...vector)
  return [...vector].map((value) => value / length)
}

function near(t: Test, vector: Float32Array | undefined, text: string, dimensions?: number): void {
  const numbers = expected(text, dimensions)
  t.equal(vector?.length, numbers.length)
  t.ok(
    numbers.every((value, at) => Math.abs(value - (vector?.[at] ?? NaN)) < 1e-6),
    `the vector of ${text}, of length 1`
  )
}

for (const type of TYPES) {
  t.test(`${type}: vectors, shorter ones, and failures`, async (t) => {
    const embed = model(t, 'embed', type)
    t.match(embed, { id: 'p/embed', providerId: 'p', model: 'embed', dimensions: undefined })
    const { vectors, tokens } = await embed.embed({ texts: ['one two', 'three'] }, never)
    near(t, vectors[0], 'one two')
    near(t, vectors[1], 'three')
    t.ok(tokens >= 3 && tokens <= 5)
    t.equal(embed.dimensions, 8, 'learnt from the answer')
    near(t, (await embed.embed({ texts: ['one'], dimensions: 4 }, never)).vectors[0], 'one', 4)
    await t.rejects(embed.embed({ texts: ['x'], dimensions: 9 }, never), {
      code: 'invalid_request',
      param: 'dimensions'
    })

    const fails = (name: string, expectation: { code: string; message?: RegExp; retryAfterSeconds?: number }) =>
      t.rejects(model(t, name, type).embed({ texts: ['x'] }, never), expectation, name)
    await fails('status-401', { code: 'provider_refused', message: /^((?!sk-key).)*$/ })
    await fails('status-429', { code: 'provider_rate_limited', retryAfterSeconds: 7 })
    await fails('status-500', { code: 'provider_failed' })
    await fails('status-400', { code: 'invalid_request' })
  })
}

t.test('numbers where base64 is not understood, or refused', async (t) => {
  for (const name of ['embed-float', 'embed-no-base64', 'embed-shuffled']) {
    const { vectors } = await model(t, name).embed({ texts: ['a', 'b', 'c'] }, never)
    for (const [index, text] of ['a', 'b', 'c'].entries()) near(t, vectors[index], text)
  }
})

t.test('large requests go out in batches and come back in order', async (t) => {
  await upstream.reset()
  const texts = Array.from({ length: 1000 }, (_, index) => `text ${index}`)
  const { vectors, tokens } = await model(t, 'embed').embed({ texts }, never)
  t.match([vectors.length, tokens], [1000, 2000])
  for (const index of [0, 127, 128, 999]) near(t, vectors[index], `text ${index}`)
  const sizes = (await upstream.requests()).map(({ body }) => (body as { input: string[] }).input.length)
  t.same(
    sizes.toSorted((a, b) => b - a),
    [128, 128, 128, 128, 128, 128, 128, 104]
  )
})

t.test('answers that are none', async (t) => {
  for (const name of ['embed-few', 'embed-garbage']) {
    const message = 'The provider "p" sent something that is not understood'
    await t.rejects(model(t, name).embed({ texts: ['a', 'b'] }, never), { code: 'provider_failed', message }, name)
  }
  await t.rejects(model(t, 'embed-silent').embed({ texts: ['a'] }, never), { code: 'provider_timeout' })
})

t.test('who leaves closes the connections', async (t) => {
  await upstream.reset()
  const leave = new AbortController()
  const call = model(t, 'embed-silent').embed({ texts: Array<string>(300).fill('x') }, leave.signal)
  const rejected = t.rejects(call, { message: 'gone' })
  await upstream.waitFor(({ path }) => path === '/v1/embeddings')
  leave.abort(new Error('gone'))
  await rejected
  await upstream.waitFor(({ ended }) => ended === 'client_closed')
  t.notOk((await upstream.requests()).some(({ ended }) => ended === 'complete'))
})

t.test('what the configuration says of a model', async (t) => {
  const baseURL = `${upstream.url}/v1`
  const models = [
    { id: 'embed', kind: 'embedding' as const, dimensions: 8 },
    { id: 'embed-fixed', kind: 'embedding' as const, dimensions: 8 },
    { id: 'embed-wide', kind: 'embedding' as const, dimensions: 768 },
    { id: 'words' }
  ]
  const local = { type: 'openai-compatible' as const, baseURL, models }
  const embedders = open(t, { providers: { local }, embeddings: { provider: 'local', model: 'embed-fixed' } })
  const { usual } = embedders
  t.equal(usual?.id, 'local/embed-fixed')
  t.same(
    embedders.list().map(({ id }) => id),
    ['local/embed-fixed', 'local/embed', 'local/embed-wide', 'offline/embeddings-en']
  )
  t.equal(embedders.find('embed').id, 'local/embed', 'a bare name')
  t.equal(embedders.find('embeddings-en').id, 'offline/embeddings-en')
  t.equal(embedders.find('local/embed').dimensions, 8)
  near(t, (await usual?.embed({ texts: ['x'], dimensions: 8 }, never))?.vectors[0], 'x')
  const wide = embedders.find('embed-wide').embed({ texts: ['x'] }, never)
  await t.rejects(wide, { code: 'provider_failed', message: /have 1536 numbers, and were to have 768/ })
  for (const name of [
    'local/words',
    'words',
    'local/other',
    'local/',
    'offline/other',
    'nothing',
    '',
    '/',
    'builtin/echo'
  ]) {
    t.throws(() => embedders.find(name), { code: 'model_not_found', param: 'model' }, name)
  }

  const two = open(t, { providers: { one: local, two: local } })
  t.throws(() => two.find('embed'), { message: /More than one provider has "embed": name it as "one\/embed"/ })
  t.equal(two.usual?.id, 'offline/embeddings-en')

  const none = open(t, { providers: { local, claude: { type: 'anthropic' } }, embeddings: false })
  t.equal(none.usual, undefined)
  t.throws(() => none.find('offline/embeddings-en'), { code: 'model_not_found' })
  t.throws(() => none.find('claude/anything'), { code: 'model_not_found' })
})

t.test('an unlisted model can be the usual one', async (t) => {
  const up = { type: 'openai-compatible' as const, baseURL: `${upstream.url}/v1` }
  const embedders = open(t, { providers: { up }, embeddings: { provider: 'up', model: 'embed' } })
  t.equal(embedders.find('embed'), embedders.usual)
  t.equal(embedders.find('up/embed'), embedders.usual)
  t.equal(embedders.find('up/other').id, 'up/other')
})

t.test('a type that has none cannot be the usual one', async (t) => {
  const config = parseConfig({
    providers: { claude: { type: 'anthropic' } },
    embeddings: { provider: 'claude', model: 'x' }
  })
  t.throws(() => openEmbedders(config, {}), {
    name: 'ConfigError',
    issues: [{ path: 'embeddings.provider', message: /type that has no embedding models/ }]
  })
})
