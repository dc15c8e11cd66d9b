import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { parseConfig } from '../../src/config/parse.ts'
import { offlineEmbedder } from '../../src/embeddings/offline/embedder.ts'
import type { EmbeddedPieces } from '../../src/embeddings/offline/worker.ts'
import { openEmbedders } from '../../src/embeddings/open.ts'
import type { Embedder } from '../../src/embeddings/port.ts'

const never = new AbortController().signal
const dot = (one?: Float32Array, other?: Float32Array) =>
  one && other ? one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0) : NaN

function open(t: Test): Embedder {
  const embedders = openEmbedders(parseConfig({ providers: {} }), {})
  t.teardown(() => embedders.close())
  if (!embedders.usual) throw new Error('there is no usual one')
  return embedders.usual
}

t.test('meaning is what makes vectors alike', async (t) => {
  const offline = open(t)
  t.match(offline, { id: 'offline/embeddings-en', providerId: 'offline', model: 'embeddings-en', dimensions: 512 })
  const texts = ['How do I reset my password?', 'I forgot my login credentials', 'Bananas are yellow']
  const { vectors, tokens } = await offline.embed({ texts }, never)
  t.same(
    vectors.map((vector) => vector.length),
    [512, 512, 512]
  )
  for (const vector of vectors) t.ok(Math.abs(dot(vector, vector) - 1) < 1e-5, 'of length 1')
  t.ok(dot(vectors[0], vectors[1]) > dot(vectors[0], vectors[2]) + 0.2)
  t.ok(tokens >= 15 && tokens <= 30, `${tokens} tokens`)

  const [alone] = (await offline.embed({ texts: texts.slice(1, 2) }, never)).vectors
  t.ok(dot(alone, vectors[1]) > 0.9999, 'the same alone as among others')
  t.same(await offline.embed({ texts: [] }, never), { vectors: [], tokens: 0 })
})

t.test('shorter vectors, and none that are longer', async (t) => {
  const offline = open(t)
  const [whole] = (await offline.embed({ texts: ['short'] }, never)).vectors
  const [short] = (await offline.embed({ texts: ['short'], dimensions: 64 }, never)).vectors
  t.equal(short?.length, 64)
  t.ok(Math.abs(dot(short, short) - 1) < 1e-5)
  const ratio = (short?.[0] ?? 0) / (whole?.[0] ?? 0)
  t.ok(Math.abs((short?.[63] ?? 0) / (whole?.[63] ?? 0) - ratio) < 1e-3, 'cut from the whole')
  const longer = { code: 'invalid_request', param: 'dimensions', message: /have 512 numbers; they cannot have 513/ }
  await t.rejects(offline.embed({ texts: ['x'], dimensions: 513 }, never), longer)
})

t.test('texts of any length and script', async (t) => {
  const offline = open(t)
  const sentence = 'The weather in the mountains was cold and the river had frozen over. '
  const texts = [
    `${sentence.repeat(40)}${'Cats purr. '.repeat(3)}`,
    'a'.repeat(3000),
    '👋🏽'.repeat(500),
    ' ',
    '\n',
    '日本語',
    '\0'
  ]
  const { vectors, tokens } = await offline.embed({ texts: [sentence, ...texts] }, never)
  for (const vector of vectors) t.ok(Math.abs(dot(vector, vector) - 1) < 1e-5)
  t.ok(dot(vectors[0], vectors[1]) > 0.6, 'a long text is like its sentences')
  t.ok(tokens > 40 * 13, 'all of it was read')

  const start = 'word '.repeat(200)
  const ends = await offline.embed({ texts: [`${start}about submarines`, `${start}about marmalade`] }, never)
  t.ok(dot(...(ends.vectors as [Float32Array, Float32Array])) < 0.9999, 'its end counts')
})

t.test('one text does not wait for hundreds', async (t) => {
  const offline = open(t)
  await offline.embed({ texts: ['load it'] }, never)
  const texts = Array.from({ length: 400 }, (_, index) => `Text number ${index} of a long list of texts`)
  let done = false
  const all = offline.embed({ texts }, never).finally(() => (done = true))
  await setTimeout(100)
  for (let index = 0; index < 3; index++) await offline.embed({ texts: ['a single query'] }, never)
  t.notOk(done, 'three came in between')
  const others = Array.from({ length: 20 }, () => offline.embed({ texts: ['one of many'] }, never))
  await Promise.all(others)
  t.equal((await all).vectors.length, 400)
})

t.test('who leaves is not computed for', async (t) => {
  const offline = open(t)
  await offline.embed({ texts: ['load it'] }, never)
  const leave = new AbortController()
  const left = offline.embed({ texts: Array<string>(2000).fill('a text that nobody waits for any more') }, leave.signal)
  const gone = t.rejects(left, { message: 'gone' })
  await setTimeout(30)
  leave.abort(new Error('gone'))
  await gone
  const startedAt = Date.now()
  await offline.embed({ texts: ['next'] }, never)
  t.ok(Date.now() - startedAt < 2000, 'the next does not wait for it')
  await t.rejects(offline.embed({ texts: ['x'] }, AbortSignal.abort(new Error('before'))), { message: 'before' })
})

t.test('too much is refused, not piled up', async (t) => {
  const offline = open(t)
  const leave = new AbortController()
  const calls = Array.from({ length: 300 }, () => offline.embed({ texts: ['x'] }, leave.signal))
  const settled = Promise.allSettled(calls)
  await t.rejects(offline.embed({ texts: ['x'] }, never), { code: 'busy', retryAfterSeconds: Number })
  leave.abort(new Error('enough'))
  await settled
  t.equal((await offline.embed({ texts: ['x'] }, never)).vectors.length, 1)
})

t.test('a thread that dies fails what it was computing, and the next starts another', async (t) => {
  const { openWorker } = await import('../../src/workers.ts')
  const pool = openWorker<string[], EmbeddedPieces>({ module: 'embeddings/offline/worker', idleMs: 60_000 })
  const offline = offlineEmbedder(async () => pool)
  t.teardown(() => offline[Symbol.asyncDispose]())
  await offline.embed({ texts: ['load it'] }, never)
  const failed = t.rejects(offline.embed({ texts: Array<string>(100).fill('cut off') }, never), {
    code: 'provider_failed',
    message: 'The offline embedding model failed'
  })
  await setTimeout(50)
  await pool.threads[0]?.terminate()
  await failed
  t.equal((await offline.embed({ texts: ['again'] }, never)).vectors.length, 1)
  await pool.threads[0]?.terminate()
  t.equal((await offline.embed({ texts: ['and again'] }, never)).vectors.length, 1, 'it died when nobody looked')
})

t.test('closing rejects what is under way', async (t) => {
  const embedders = openEmbedders(parseConfig({ providers: {} }), {})
  const offline = embedders.find('offline/embeddings-en')
  const rejected = t.rejects(offline.embed({ texts: Array<string>(500).fill('unfinished') }, never), { code: 'busy' })
  await setTimeout(50)
  await embedders.close()
  await rejected
  await t.rejects(offline.embed({ texts: ['x'] }, never), { code: 'busy' })
})
