import t from 'tap'
import { inputTokens } from '../../src/limits/estimate.ts'
import type { FilePart } from '../../src/models/message.ts'
import { bearer, listenGateway, SECRETS, TOKENS } from '../support/gateway.ts'
import { startUpstream } from '../upstream/start.ts'

const of = (part: Omit<FilePart, 'type'>) => inputTokens([{ role: 'user', content: [{ type: 'file', ...part }] }])
const bytes = (size: number) => ({ base64: Buffer.alloc(size).toString('base64') })

t.test('files count by their kind and size', async (t) => {
  t.equal(of({ mediaType: 'image/png', data: bytes(10) }), 1000)
  t.equal(of({ mediaType: 'image/*', data: { url: 'https://a.example/a.png' }, detail: 'low' }), 85)
  t.equal(of({ mediaType: 'text/plain', data: bytes(4000) }), 1000, 'a text as its text')
  t.equal(of({ mediaType: 'application/pdf', data: bytes(80_000) }), 2000)
  t.equal(of({ mediaType: 'audio/mpeg', data: bytes(16_000) }), 32)
  t.equal(of({ mediaType: 'application/pdf', data: { url: 'https://a.example/a.pdf' } }), 1000)
  t.equal(inputTokens([{ role: 'user', content: [{ type: 'text', text: 'x'.repeat(400) }] }]), 100)
})

t.test('while a turn with an image runs, a budget is held for it', async (t) => {
  await using upstream = await startUpstream()
  const budget = { tokens: 1500, per: 'day' } as const
  const tokens = TOKENS.map((token) => (token.id === 'rpc' ? { ...token, budget } : token))
  const { url } = await listenGateway(t, {
    gateway: { tokens },
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } }
  })
  const controller = new AbortController()
  t.teardown(() => controller.abort())
  const ask = (content: object[], signal?: AbortSignal) =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { ...bearer(SECRETS.rpc), 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'up/slow', stream: true, max_tokens: 600, messages: [{ role: 'user', content }] }),
      signal
    })
  const text = { type: 'text', text: 'hi' }
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
  const first = await ask([text, image], controller.signal)
  t.equal(first.status, 200)
  const second = await ask([text])
  t.equal(second.status, 429, 'the rest is held by the image')
  t.match(await second.json(), { error: { message: /held by turns that run/ } })
})
