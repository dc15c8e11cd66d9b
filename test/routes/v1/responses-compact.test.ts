import OpenAI from 'openai'
import t from 'tap'
import { listenGateway, SECRETS } from '../../support/gateway.ts'
import { startUpstream } from '../../upstream/start.ts'

t.test('a conversation is made short by its model, and gone on from', async (t) => {
  await using upstream = await startUpstream()
  const { url } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: { default: { provider: 'up', model: 'words' } }
  })
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: SECRETS.api, maxRetries: 0 })
  const first = await client.responses.create({ model: 'up/words', input: 'My car is red.' })
  for (const model of ['up/words', 'agent/default']) {
    const compacted = await client.responses.compact({
      model,
      previous_response_id: first.id,
      input: [{ role: 'user', content: 'And my house is blue.' }]
    })
    t.match(compacted, { object: 'response.compaction', usage: { total_tokens: Number } })
    const [item] = compacted.output
    t.match(item, { type: 'compaction', id: /^cmp_/, encrypted_content: /./ })
    await upstream.reset()
    await client.responses.create({
      model: 'up/words',
      input: [...(compacted.output as []), { role: 'user', content: 'Which?' }]
    })
    const body = (await upstream.requests()).at(-1)?.body as { messages?: { role: string; content: string }[] }
    t.match(body.messages, [
      { role: 'system', content: /car is red.*house is blue/s },
      { role: 'user', content: 'Which?' }
    ])
  }
  const nonsense = [{ type: 'compaction' as const, encrypted_content: 'x' }]
  await t.rejects(client.responses.create({ model: 'up/words', input: nonsense }), {
    message: /input\.0\.encrypted_content/
  })
  await t.rejects(client.responses.compact({ model: 'builtin/echo', input: 'x' }), { message: /cannot summarise/ })
})
