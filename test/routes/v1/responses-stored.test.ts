import OpenAI from 'openai'
import type { ResponseStreamEvent } from 'openai/resources/responses/responses'
import t, { type Test } from 'tap'
import { bearer, listenGateway, SECRETS, temporaryFolder } from '../../support/gateway.ts'
import { faultsOf, faultsOfEvent } from '../../support/openresponses.ts'
import { startProcess } from '../../support/process.ts'
import { waitUntil } from '../../support/watch.ts'
import { startUpstream, type Upstream } from '../../upstream/start.ts'

let upstream: Upstream
t.before(async () => {
  upstream = await startUpstream()
})
t.teardown(() => upstream.stop())

async function connect(t: Test, dataDir?: string) {
  const { app, url } = await listenGateway(t, {
    ...(dataDir && { dataDir }),
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1`, timeoutMs: 2000 } },
    agents: { default: { provider: 'up', model: 'words' }, clerk: { provider: 'up', model: 'echo-request' } }
  })
  await upstream.reset()
  const as = (apiKey: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })
  return { app, url, client: as(SECRETS.api), other: as(SECRETS.rpc) }
}

async function collect(stream: AsyncIterable<ResponseStreamEvent>): Promise<ResponseStreamEvent[]> {
  const events: ResponseStreamEvent[] = []
  for await (const event of stream) events.push(event)
  return events
}

/** Messages that the upstream was sent last. */
async function lastMessages(): Promise<{ role: string; content: string }[]> {
  const requests = await upstream.requests()
  const body = requests.at(-1)?.body as { messages: { role: string; content: string }[] }
  return body.messages
}

t.test('a response is stored, retrieved, continued over a restart, and deleted', async (t) => {
  const dataDir = await temporaryFolder(t)
  const { app, client } = await connect(t, dataDir)
  const first = await client.responses.create({ model: 'up/words', input: 'one two', instructions: 'Be brief.' })
  t.same(await client.responses.retrieve(first.id), first, 'just as it was answered')
  const second = await client.responses.create({ model: 'up/words', input: 'three', previous_response_id: first.id })
  t.equal(second.previous_response_id, first.id)
  await app.close()

  const later = await connect(t, dataDir)
  const streamed = await collect(
    await later.client.responses.create({
      model: 'up/words',
      input: 'four',
      previous_response_id: second.id,
      stream: true
    })
  )
  t.same(
    (await lastMessages()).map(({ role, content }) => [role, content]),
    [
      ['user', 'one two'],
      ['assistant', 'one two'],
      ['user', 'three'],
      ['assistant', 'three'],
      ['user', 'four']
    ],
    'without the instructions of the first'
  )
  const last = streamed.at(-1)
  if (last?.type !== 'response.completed') throw new Error('expected it to be completed')
  t.match(await later.client.responses.retrieve(last.response.id), { status: 'completed', output_text: 'four' })

  const notFound = { message: /There is no response/ }
  await t.rejects(later.other.responses.retrieve(first.id), notFound, 'another client’s')
  await t.rejects(later.other.responses.create({ model: 'up/words', input: 'x', previous_response_id: first.id }), {
    message: /400 Previous response with id '.*' not found/
  })
  await later.client.responses.delete(second.id)
  await t.rejects(later.client.responses.retrieve(second.id), notFound)
  await t.rejects(later.client.responses.retrieve('resp_x'), notFound)
  await t.rejects(later.client.responses.retrieve('nonsense'), notFound)
})

t.test('what is not to be stored is not', async (t) => {
  const { client } = await connect(t)
  const response = await client.responses.create({ model: 'up/words', input: 'one', store: false })
  t.match(response, { store: false })
  await t.rejects(client.responses.retrieve(response.id), { message: /404/ })
  await t.rejects(client.responses.create({ model: 'up/words', input: 'x', previous_response_id: response.id }), {
    message: /not found/
  })
  await t.rejects(client.responses.create({ model: 'up/words', input: 'x', store: false, background: true }), {
    message: /has to be stored/
  })
})

t.test('items of the input are listed, and items of stored responses can be referred to', async (t) => {
  const { client } = await connect(t)
  const input = ['one', 'two', 'three'].map((content) => ({ role: 'user' as const, content }))
  const first = await client.responses.create({ model: 'up/words', input })
  const texts = []
  for await (const item of client.responses.inputItems.list(first.id, { limit: 2 })) {
    texts.push(item.type === 'message' ? JSON.stringify(item.content) : '')
  }
  t.same(
    texts,
    ['three', 'two', 'one'].map((text) => JSON.stringify([{ type: 'input_text', text }]))
  )
  const page = await client.responses.inputItems.list(first.id, { order: 'asc', limit: 1 })
  t.match(page, { data: [{ role: 'user' }], has_more: true })

  const [answer] = first.output
  await client.responses.create({
    model: 'up/words',
    input: [
      { type: 'item_reference', id: answer?.id ?? '' },
      { role: 'user', content: 'four' }
    ]
  })
  t.match(await lastMessages(), [
    { role: 'assistant', content: 'three' },
    { role: 'user', content: 'four' }
  ])
  await t.rejects(client.responses.create({ model: 'up/words', input: [{ type: 'item_reference', id: 'msg_x_0' }] }), {
    message: /input\.0\.id: there is no item/
  })
})

t.test('calls of a stored response are answered by their outputs alone', async (t) => {
  const { client } = await connect(t)
  const tools = [{ type: 'function' as const, name: 'look_up', parameters: { type: 'object' }, strict: null }]
  const first = await client.responses.create({ model: 'up/tool', input: 'Berlin', tools })
  const [call] = first.output
  if (call?.type !== 'function_call') throw new Error('expected a call')
  const output = { type: 'function_call_output' as const, call_id: call.call_id, output: 'It rains' }
  const ask = { model: 'up/tool', tools, previous_response_id: first.id }
  t.equal((await client.responses.create({ ...ask, input: [output] })).output_text, 'tool said: It rains')
  await t.rejects(client.responses.create({ ...ask, input: 'and?' }), { message: /no output of the tool call/ })
})

t.test('in the background: it goes on alone, is read from anywhere, and cancelled', async (t) => {
  const { client, url } = await connect(t)
  const begun = await client.responses.create({ model: 'up/slow-30', input: 'x', background: true })
  t.equal(begun.status, 'in_progress')
  t.same(faultsOf('ResponseResource', begun), [])
  const stream = await client.responses.retrieve(begun.id, { stream: true })
  const seen: ResponseStreamEvent[] = []
  for await (const event of stream) {
    seen.push(event)
    if (event.type === 'response.output_text.delta' && seen.length > 8) break
  }
  const after = (seen.at(-1) as { sequence_number: number }).sequence_number
  const rest = await collect(await client.responses.retrieve(begun.id, { stream: true, starting_after: after }))
  const numbers = [...seen, ...rest].map((event) => (event as { sequence_number: number }).sequence_number)
  t.same(
    numbers,
    Array.from({ length: numbers.length }, (_, n) => n),
    'nothing is missed, nothing told twice'
  )
  for (const event of rest) t.same(faultsOfEvent(event), [], event.type)
  const again = await collect(await client.responses.retrieve(begun.id, { stream: true }))
  t.same(again, [...seen, ...rest], 'and all of it can be read again')
  t.match(await client.responses.retrieve(begun.id), { status: 'completed' })

  const slow = await client.responses.create({ model: 'up/slow', input: 'x', background: true, stream: true })
  for await (const event of slow) {
    if (event.type !== 'response.output_text.delta') continue
    break
  }
  const [turn] = (
    (await (await fetch(`${url}/api/turns`, { headers: { authorization: `Bearer ${SECRETS.all}` } })).json()) as {
      turns: { id: string }[]
    }
  ).turns
  const id = turn?.id.replace('turn_', 'resp_') ?? ''
  t.match(await client.responses.cancel(id), {
    status: 'cancelled',
    output: [{ type: 'message', status: 'incomplete' }]
  })
  t.match(await client.responses.cancel(id), { status: 'cancelled' })
  const asPython = { method: 'POST', headers: { ...bearer(SECRETS.api), 'content-type': 'application/json' } }
  t.equal((await fetch(`${client.baseURL}/responses/${id}/cancel`, asPython)).status, 200, 'a body of no bytes is none')
  const attached = await client.responses.create({ model: 'up/words', input: 'x' })
  await t.rejects(client.responses.cancel(attached.id), { message: /Only a response in the background/ })
  await t.rejects(client.responses.retrieve(attached.id, { stream: true }), {
    message: /Only a response in the background/
  })
  const failed = await client.responses.create({ model: 'up/error-mid', input: 'x', background: true })
  await waitUntil(async () => (await client.responses.retrieve(failed.id)).status !== 'in_progress')
  t.match(await client.responses.retrieve(failed.id), { status: 'failed', error: { code: 'provider_failed' } })
})

t.test('a process that dies leaves a response that failed, and what was said of it', async (t) => {
  const dataDir = await temporaryFolder(t)
  const env = { OPENAI_BASE_URL: `${upstream.url}/v1`, COMIS_DATA_DIR: dataDir, COMIS_PORT: '0' }
  const first = startProcess(t, { env })
  const url = await first.url()
  const secret = await first.token()
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: secret, maxRetries: 0 })
  const { id } = await client.responses.create({ model: 'openai/slow', input: 'x', background: true })
  const seen: unknown[] = []
  for await (const event of await client.responses.retrieve(id, { stream: true })) if (seen.push(event) > 10) break
  first.child.kill('SIGKILL')
  await first.exit
  const second = startProcess(t, { env })
  const later = new OpenAI({ baseURL: `${await second.url()}/v1`, apiKey: secret, maxRetries: 0 })
  t.match(await later.responses.retrieve(id), { status: 'failed', error: { message: /stopped before/ } })
  const events: unknown[] = []
  const all = later.responses.retrieve(id, { stream: true })
  await t.rejects(async () => {
    for await (const event of await all) events.push(event)
  }, /stopped before/)
  t.same(events.slice(0, seen.length), seen, 'all that was seen is still there')
})
