import t from 'tap'
import { bearer, buildGateway, SECRETS } from '../../support/gateway.ts'
import { startUpstream } from '../../upstream/start.ts'

const unused = { messagesToday: 0, tokenUsageToday: 0 }

t.test('agents with what they talk to', async (t) => {
  await using upstream = await startUpstream()
  const app = await buildGateway(t, {
    providers: {
      local: {
        type: 'openai-compatible',
        baseURL: `${upstream.url}/v1`,
        models: [{ id: 'vectors', kind: 'embedding' }, { id: 'words' }]
      },
      listed: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` },
      gone: { type: 'openai-compatible', baseURL: 'http://127.0.0.1:1/v1' },
      claude: { type: 'anthropic', apiKey: 'k' }
    },
    agents: {
      default: {},
      named: { name: 'Ada', provider: 'local', model: 'words', suspended: true },
      listed: { provider: 'listed' },
      gone: { provider: 'gone' },
      claude: { provider: 'claude' },
      echo: { provider: 'builtin', model: 'echo' }
    }
  })
  const { agents } = (await app.inject({ url: '/api/agents', headers: bearer() })).json()
  t.same(agents, [
    { id: 'default', name: 'default', provider: 'local', model: 'words', status: 'active', ...unused },
    { id: 'named', name: 'Ada', provider: 'local', model: 'words', status: 'suspended', ...unused },
    { id: 'listed', name: 'listed', provider: 'listed', model: 'words', status: 'active', ...unused },
    { id: 'gone', name: 'gone', provider: 'gone', model: '', status: 'active', ...unused },
    { id: 'claude', name: 'claude', provider: 'claude', model: 'claude-sonnet-5-5', status: 'active', ...unused },
    { id: 'echo', name: 'echo', provider: 'builtin', model: 'echo', status: 'active', ...unused }
  ])
})

t.test('what they did today', async (t) => {
  const app = await buildGateway(t, {
    agents: { default: { provider: 'builtin', model: 'echo' }, other: { provider: 'builtin', model: 'echo' } }
  })
  const headers = bearer(SECRETS.rpc)
  const chat = (message: string) =>
    app.inject({ method: 'POST', url: '/api/chat', payload: { message }, headers: bearer() })
  await Promise.all([chat('one two'), chat('three')])
  const agents = [
    { id: 'default', messagesToday: 2, tokenUsageToday: 6 },
    { id: 'other', ...unused }
  ]
  t.match((await app.inject({ url: '/api/agents', headers })).json(), { agents })
  const payload = { jsonrpc: '2.0', id: 1, method: 'agents.list' }
  t.match((await app.inject({ method: 'POST', url: '/rpc', payload, headers })).json().result, { agents })
  await chat('four')
  const later = { agents: [{ messagesToday: 3, tokenUsageToday: 8 }, unused] }
  t.match((await app.inject({ url: '/api/agents', headers })).json(), later, 'it is never an old count')
  const reset = { jsonrpc: '2.0', id: 1, method: 'obs.reset' }
  await app.inject({ method: 'POST', url: '/rpc', payload: reset, headers: bearer() })
  t.match((await app.inject({ url: '/api/agents', headers })).json(), { agents: [unused, unused] })
})

t.test('agents that cannot work stop the start', async (t) => {
  const start = async (agent: object, providers = {}) =>
    (await buildGateway(t, { agents: { a: agent }, providers })).ready()
  await t.rejects(
    start({ provider: 'builtin', model: 'none' }),
    /agents\.a\.model: the provider "builtin" lists no model "none"/
  )
  await t.rejects(start({ tools: ['hammer'] }), /agents\.a\.tools: there is no tool "hammer"; there are current_time/)
  await t.rejects(start({ provider: 'nobody' }), /agents\.a\.provider: there is no provider "nobody"/)
})
