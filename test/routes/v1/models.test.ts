import OpenAI from 'openai'
import t from 'tap'
import { bearer, listenGateway, SECRETS } from '../../support/gateway.ts'
import { startUpstream } from '../../upstream/start.ts'

t.test('models of all providers, and agents as models', async (t) => {
  await using upstream = await startUpstream()
  const { url } = await listenGateway(t, {
    providers: {
      listed: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` },
      anthropic: { type: 'anthropic', baseURL: `${upstream.url}/v1`, apiKey: 'k' },
      google: { type: 'google', baseURL: `${upstream.url}/v1beta`, apiKey: 'k' },
      fixed: {
        type: 'openai-compatible',
        baseURL: 'http://127.0.0.1:1/v1',
        models: [{ id: 'org/deep/name' }, { id: 'vectors', kind: 'embedding' }]
      },
      gone: { type: 'openai-compatible', baseURL: 'http://127.0.0.1:1/v1' }
    },
    agents: { default: { provider: 'builtin' }, helper: { provider: 'builtin' } }
  })
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: SECRETS.api })
  const models = await Array.fromAsync(await client.models.list())
  const ids = models.map(({ id }) => id)
  for (const id of [
    'agent/default',
    'agent/helper',
    'listed/words',
    'anthropic/words',
    'google/words',
    'fixed/org/deep/name',
    'fixed/vectors',
    'offline/embeddings-en',
    'builtin/echo',
    'builtin/recall'
  ]) {
    t.ok(ids.includes(id), id)
  }
  t.notOk(ids.some((id) => id.startsWith('gone/')))
  for (const model of models) t.match(model, { object: 'model', created: Number, owned_by: String })

  for (const id of ['agent/helper', 'fixed/org/deep/name', 'listed/words']) {
    t.equal((await client.models.retrieve(id)).id, id, 'as the client sends it, with %2F')
    const raw = await fetch(`${url}/v1/models/${id}`, { headers: bearer() })
    t.equal(((await raw.json()) as { id: string }).id, id, 'raw')
  }
  t.match(await client.models.retrieve('embeddings-en'), { id: 'offline/embeddings-en', owned_by: 'offline' })
  t.equal((await client.models.retrieve('helper')).id, 'agent/helper', 'a bare agent')
  t.equal(
    (await client.models.retrieve('org/deep/name')).id,
    'fixed/org/deep/name',
    'a bare model that one provider has'
  )
  await t.rejects(client.models.retrieve('words'), { message: /404/ })
  await t.rejects(client.models.retrieve('nothing'), { status: 404, code: 'model_not_found' })
  const refused = await fetch(`${url}/v1/models`, { method: 'PUT', headers: bearer() })
  t.match([refused.status, refused.headers.get('x-request-id')], [405, /\w/], 'what no route answers has an id too')
})
