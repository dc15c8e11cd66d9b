import t from 'tap'
import { bearer, listenGateway } from '../../support/gateway.ts'
import { startUpstream } from '../../upstream/start.ts'

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64'
)

t.test('a model is given the files that go with a message, and again with the next one', async (t) => {
  await using upstream = await startUpstream()
  const { url } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: { default: { provider: 'up', model: 'words' } }
  })
  const call = async (method: string, path: string, body?: Buffer | string, type = 'application/json') => {
    const headers = { ...bearer(), ...(body !== undefined && { 'content-type': type }) }
    const response = await fetch(`${url}${path}`, { method, headers, body: body && Uint8Array.from(Buffer.from(body)) })
    return { status: response.status, body: response.status === 204 ? {} : await response.json() }
  }
  const upload = async (body: Buffer | string, type: string) => {
    const { body: kept } = await call('POST', '/media', body, type)
    return (kept as { id: string }).id
  }
  const ask = (message: string, attachments?: object[]) =>
    call('POST', '/api/chat', JSON.stringify({ message, attachments, sessionKey: 's' }))
  const lastAsked = async () => {
    const { body } = (await upstream.requests()).at(-1) ?? {}
    return (body as { messages: { role: string; content: unknown }[] }).messages
  }

  const picture = await upload(PNG, 'image/png')
  const notes = await upload('The door is green.\n', 'text/plain')
  const attachments = [
    { id: picture, name: 'dot.png' },
    { id: notes, name: 'notes.txt' }
  ]
  t.equal((await ask('What is this?', attachments)).status, 200)
  const shown = { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG.toString('base64')}` } }
  const read = { type: 'text', text: '\n\nThe file notes.txt:\n\nThe door is green.\n' }
  t.match(await lastAsked(), [{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, shown, read] }])

  const { body: kept } = await call('GET', '/api/sessions/s/export')
  t.match(kept, {
    messages: [{ content: [{}, { type: 'file', filename: 'dot.png', data: { url: `media:${picture}` } }] }]
  })
  t.notMatch(JSON.stringify(kept), PNG.toString('base64'), 'its bytes are kept once, among the media')
  await ask('And its colour?')
  t.match((await lastAsked())[0], { content: [{}, shown, read] })
  t.equal((await call('DELETE', `/media/${picture}`)).status, 204)
  await ask('And now?')
  t.match((await lastAsked())[0], { content: [{}, { text: /dot.png that was here cannot be read/ }, read] })

  t.match(await ask('x', [{ id: notes }, { id: picture }]), {
    status: 400,
    body: { error: 'Invalid field: attachments.1: there is no such file' }
  })
  t.equal((await ask('x', [{ id: '../x' }])).status, 400)
  t.equal(
    (
      await ask(
        'x',
        Array.from({ length: 17 }, () => ({ id: notes }))
      )
    ).status,
    400
  )
  const large = await upload(Buffer.alloc(20 * 1024 * 1024), 'application/octet-stream')
  t.match(await ask('x', [{ id: large }, { id: notes }]), { status: 400, body: { error: /attachments\.1: all files/ } })
})
