import t, { type Test } from 'tap'
import { bearer, type BuildOptions, listenGateway, SECRETS, servicesOf } from '../../support/gateway.ts'
import { startUpstream, type Upstream } from '../../upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex')
const WAV = Buffer.concat([Buffer.from('RIFF....WAVEfmt '), Buffer.alloc(64)])
const PDF = Buffer.from('%PDF-1.7\n1 0 obj\n')

interface Answer {
  status: number
  body: { id: string; error?: { message: string; param: string; type: string } }
}

async function open(t: Test, options: BuildOptions = {}) {
  const { app, url } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    ...options
  })
  await upstream.reset()
  const base = url + (options.prefix ?? '')
  async function post(path: string, body: unknown, secret: string): Promise<Answer> {
    const headers = { ...bearer(secret), 'content-type': 'application/json' }
    const answer = await fetch(base + path, { method: 'POST', headers, body: JSON.stringify(body) })
    return { status: answer.status, body: (await answer.json()) as Answer['body'] }
  }
  const chat = (content: object[], secret = SECRETS.rpc) =>
    post('/v1/chat/completions', { model: 'up/words', messages: [{ role: 'user', content }] }, secret)
  const respond = (body: object, secret = SECRETS.rpc) => post('/v1/responses', { model: 'up/words', ...body }, secret)
  async function upload(body: Buffer, type: string): Promise<{ id: string; url: string }> {
    const headers = { ...bearer(SECRETS.rpc), 'content-type': type }
    return (await (await fetch(`${base}/media`, { method: 'POST', headers, body: body as never })).json()) as never
  }
  const sign = async (id: string) =>
    (
      (await (await fetch(`${base}/media/${id}/sign`, { method: 'POST', headers: bearer(SECRETS.rpc) })).json()) as {
        url: string
      }
    ).url
  const { media } = await servicesOf(app)
  return { base, origin: url, chat, respond, upload, sign, media }
}

async function contentSent(n = 0): Promise<unknown> {
  const sent = (await upstream.requests())[n]?.body as { messages: { content: unknown }[] } | undefined
  return sent?.messages.map(({ content }) => content)
}

const image = (url: string) => ({ type: 'image_url', image_url: { url } })
const inputImage = (url: string) => ({ role: 'user', content: [{ type: 'input_image', image_url: url }] })
const asData = (type: string, bytes: Buffer) => `data:${type};base64,${bytes.toString('base64')}`

t.test('images, sounds and documents reach the provider as data', async (t) => {
  const { base, chat, upload } = await open(t)
  const [picture, sound, document] = [
    await upload(PNG, 'image/png'),
    await upload(WAV, 'audio/wav'),
    await upload(PDF, 'application/pdf')
  ]
  const content = [
    image(picture.url),
    image(base + picture.url),
    { type: 'input_audio', input_audio: { data: sound.url, format: 'wav' } },
    { type: 'file', file: { file_data: document.url, filename: 'a.pdf' } },
    image('https://example.com/media/elsewhere')
  ]
  const { status, body } = await chat(content)
  t.equal(status, 200, JSON.stringify(body))
  t.same(await contentSent(), [
    [
      image(asData('image/png', PNG)),
      image(asData('image/png', PNG)),
      { type: 'input_audio', input_audio: { data: WAV.toString('base64'), format: 'wav' } },
      { type: 'file', file: { file_data: asData('application/pdf', PDF), filename: 'a.pdf' } },
      image('https://example.com/media/elsewhere')
    ]
  ])
})

t.test('below a prefix it is the prefixed address', async (t) => {
  const { chat, upload, origin } = await open(t, { prefix: '/ai' })
  const { url, id } = await upload(PNG, 'image/png')
  t.match(url, /^\/ai\/media\//)
  t.equal((await chat([image(url), image(origin + url)])).status, 200)
  t.match((await chat([image(`/media/${id}`)])).body.error, { param: 'messages.0.content.0', message: /\/ai\/media\// })
})

t.test('what cannot be read is a 400 that names the part', async (t) => {
  const { chat, respond, upload } = await open(t, { gateway: { media: { ttlSeconds: 1 } } })
  const { url } = await upload(WAV, 'audio/wav')
  const text = { type: 'text', text: 'See' }
  const invalid = { type: 'invalid_request_error' }
  const missing = await chat([text, image('/media/not-there')])
  t.match(missing, {
    status: 400,
    body: { error: { ...invalid, param: 'messages.0.content.1', message: /no such file/ } }
  })
  const noImage = await chat([image(url)])
  t.match(noImage, { status: 400, body: { error: { param: 'messages.0.content.0', message: /is audio\/wav/ } } })
  const elsewhere = await chat([image('/api/agents')])
  t.match(elsewhere, { status: 400, body: { error: { message: /expected an http/ } } })
  const item = await respond({ input: [inputImage('/media/not-there')] })
  t.match(item, { status: 400, body: { error: { ...invalid, param: 'input.0.content.0', message: /no such file/ } } })
  await new Promise((resolve) => setTimeout(resolve, 1100))
  const over = await chat([{ type: 'input_audio', input_audio: { data: url, format: 'wav' } }])
  t.match(over, { status: 400, body: { error: { param: 'messages.0.content.0', message: /past its time/ } } })
  t.same(await upstream.requests(), [])
})

t.test('more than can be held is refused', async (t) => {
  const { chat, upload } = await open(t)
  const { url } = await upload(Buffer.concat([PNG, Buffer.alloc(11 * 1024 * 1024)]), 'image/png')
  t.equal((await chat([image(url)])).status, 200)
  const two = await chat([image(url), image(url)])
  t.match(two, { status: 400, body: { error: { param: 'messages.0.content.1', message: /larger than/ } } })
})

t.test('a token for /v1 alone reads by signed addresses, or what is public', async (t) => {
  const { chat, upload, sign, base } = await open(t)
  const { url, id } = await upload(PNG, 'image/png')
  const refused = await chat([image(url)], SECRETS.api)
  t.match(refused, {
    status: 400,
    body: { error: { param: 'messages.0.content.0', message: /signed addresses only/ } }
  })
  const signed = await sign(id)
  t.equal((await chat([image(signed), image(base + signed)], SECRETS.api)).status, 200)
  t.same(await contentSent(), [[image(asData('image/png', PNG)), image(asData('image/png', PNG))]])
  const forged = signed.replace(/expires=\d+/, 'expires=99999999999')
  t.equal((await chat([image(forged)], SECRETS.api)).status, 400)
  t.equal((await chat([image(signed.replace(id, 'other'))], SECRETS.api)).status, 400)
  const open_ = await open(t, { gateway: { media: { public: true } } })
  const free = await open_.upload(PNG, 'image/png')
  t.equal((await open_.chat([image(free.url)], SECRETS.api)).status, 200)
})

t.test('a response that is gone on with remembers the file, not its bytes nor the signature', async (t) => {
  const { respond, upload, sign, media } = await open(t)
  const { id } = await upload(PNG, 'image/png')
  const first = await respond({ input: [inputImage(await sign(id))] }, SECRETS.api)
  t.equal(first.status, 200, JSON.stringify(first.body))
  t.same(await contentSent(), [[image(asData('image/png', PNG))]])
  const second = await respond({ previous_response_id: first.body.id, input: 'And?' }, SECRETS.api)
  t.equal(second.status, 200, JSON.stringify(second.body))
  t.match(await contentSent(1), [[image(asData('image/png', PNG))], 'And?'])
  await media.remove(id, 'admin')
  const third = await respond({ previous_response_id: first.body.id, input: 'And?' }, SECRETS.api)
  t.equal(third.status, 200, JSON.stringify(third.body))
  t.match(await contentSent(2), ['[a file that was here is no longer kept]', 'And?'])
})
