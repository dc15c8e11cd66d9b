import t from 'tap'
import { bearer, listenGateway } from '../support/gateway.ts'
import { caller } from '../support/socket.ts'
import { askOver, SURFACES, WITH_MODELS } from '../support/surfaces.ts'

const ADMIN = 'admin-of-limits-0123456789-0123456789-01234'
const KEY = 'key-of-limits-0123456789-0123456789-0123456'

const limited = (token: object) => ({
  gateway: {
    tokens: [
      { id: 'boss', secret: ADMIN, scopes: ['*' as const] },
      { id: 'key', secret: KEY, scopes: ['*' as const], ...token }
    ]
  },
  agents: {
    default: { provider: 'builtin', model: 'echo' },
    other: { provider: 'builtin', model: 'echo' },
    third: { provider: 'builtin', model: 'echo' }
  }
})

t.test('a token reaches its own agents on every surface, and no other', async (t) => {
  const { url } = await listenGateway(t, limited({ agents: ['other', 'third'], models: [] }))
  const ask = askOver(t, url, KEY)
  for (const surface of SURFACES) {
    t.equal((await ask[surface]({ agent: 'other' })).code, 'ok', surface)
    const refused = await ask[surface]({ agent: 'default' })
    t.match(refused.text, 'this token may not use the agent "default"', surface)
    t.match(refused.code, /^(not_allowed|403)$/, surface)
    if (refused.headers) t.equal(refused.status, 403, surface)
  }
  t.equal((await ask.chat()).code, 'ok', 'where none is named, the first of its own')
  for (const surface of WITH_MODELS) {
    t.equal((await ask[surface]({ model: 'builtin/echo' })).code, 'not_allowed', surface)
  }
  const { error } = await caller(url, KEY)('models.test', { model: 'builtin/echo' })
  t.match(error, { code: -32_000, data: { code: 'not_allowed' } })
})

t.test('a token names its own models, and no other; an agent uses its own all the same', async (t) => {
  const { url } = await listenGateway(t, limited({ models: ['builtin/recall'] }))
  const ask = askOver(t, url, KEY)
  for (const surface of WITH_MODELS) {
    t.equal((await ask[surface]({ model: 'builtin/recall' })).code, 'ok', surface)
    const refused = await ask[surface]({ model: 'builtin/echo' })
    t.equal(refused.code, 'not_allowed', surface)
    t.equal((await ask[surface]({ model: 'echo' })).code, 'not_allowed', `${surface}, by its bare name`)
    t.equal((await ask[surface]()).code, 'ok', `${surface}: its agent`)
  }
  const chat = (model: string) => caller(url, KEY)('agent.execute', { message: 'x', model })
  t.equal((await chat('builtin/recall')).error, undefined)
  t.match((await chat('builtin/echo')).error, { data: { code: 'not_allowed' } }, 'in place of its agent’s')
  const embed = await fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { ...bearer(KEY), 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'offline/embeddings-en', input: 'x' })
  })
  t.equal(embed.status, 403)
  t.match(await embed.json(), { error: { type: 'permission_error', code: 'not_allowed' } })
})

t.test('lists show what the token may use', async (t) => {
  const { url } = await listenGateway(t, limited({ agents: ['other'], models: ['offline/*'] }))
  const get = async (path: string, secret = KEY) =>
    (await (await fetch(url + path, { headers: bearer(secret) })).json()) as { [key: string]: { id: string }[] }
  const ids = (items: { id: string }[] | undefined) => items?.map(({ id }) => id)
  t.same(ids((await get('/v1/models')).data), ['agent/other', 'offline/embeddings-en'])
  t.same(ids((await get('/api/agents')).agents), ['other'])
  t.ok((await get('/v1/models', ADMIN)).data?.some(({ id }) => id === 'builtin/echo'))
  const rpc = caller(url, KEY)
  t.same(ids((await rpc('agents.list')).result.agents), ['other'])
  t.same((await rpc('models.list')).result.models, [])
  const hidden = await fetch(`${url}/v1/models/builtin/echo`, { headers: bearer(KEY) })
  t.equal(hidden.status, 404)
})

t.test('a session of an agent that the token may not use any more', async (t) => {
  const { url } = await listenGateway(t, limited({}))
  const rpc = caller(url, KEY)
  const { sessionKey } = (await rpc('agent.execute', { message: 'hello' })).result
  t.ok((await rpc('session.send', { sessionKey, message: 'again' })).result)
  t.ok((await caller(url, ADMIN)('tokens.update', { id: 'key', agents: ['other'] })).result)
  t.match((await rpc('session.send', { sessionKey, message: 'again' })).error, { data: { code: 'not_allowed' } })
  t.ok((await caller(url, ADMIN)('tokens.update', { id: 'key', agents: null })).result)
  t.ok((await rpc('session.send', { sessionKey, message: 'again' })).result)
})
