import t, { type Test } from 'tap'
import type { GatewayOptions } from '../../../src/gateway.ts'
import { bearer, buildGateway, SECRETS, TOKENS } from '../../support/gateway.ts'

const LIMITED = 'limited-admin-0123456789-0123456789-0123456789'

type Tokens = NonNullable<NonNullable<GatewayOptions['gateway']>['tokens']>

async function open(t: Test, tokens: Tokens = []) {
  const app = await buildGateway(t, { gateway: { tokens: [...TOKENS, ...tokens] } })
  return async (secret: string, method: string, params: object) => {
    const payload = { jsonrpc: '2.0', id: 1, method, params }
    const answer = await app.inject({ method: 'POST', url: '/rpc', headers: bearer(secret), payload })
    const { error, result } = answer.json<{ error?: { code: number; message: string }; result?: object }>()
    return error ? `${error.code} ${error.message}` : (result ?? 'nothing')
  }
}

t.test('an admin hands out every scope by its name, and not what is more than it holds', async (t) => {
  const call = await open(t)
  for (const scope of ['rpc', 'api', 'admin', 'mcp-client']) {
    t.match(await call(SECRETS.admin, 'tokens.create', { id: `of-${scope}`, scopes: [scope] }), { scopes: [scope] })
  }
  const refused = "-32603 Insufficient scope: requires '*'"
  t.equal(await call(SECRETS.admin, 'tokens.create', { id: 'more', scopes: ['*'] }), refused)
  t.equal(await call(SECRETS.admin, 'tokens.create', { id: 'more', scopes: ['rpc', '*'] }), refused)
  t.equal(await call(SECRETS.admin, 'tokens.rotate', { id: 'all' }), refused, 'nor takes the secret of one that has it')
  t.match(await call(SECRETS.all, 'tokens.create', { id: 'more', scopes: ['*'] }), { scopes: ['*'] })
  t.match(await call(SECRETS.all, 'tokens.rotate', { id: 'more' }), { scopes: ['*'] })
  t.match(await call(SECRETS.admin, 'tokens.revoke', { id: 'more' }), { revoked: 2 }, 'but it can end it')
})

t.test('who is limited gives no more than it has', async (t) => {
  const budget = { usd: 10, per: 'day', group: 'team' } as const
  const limits = { agents: ['default'], models: ['builtin/*'], tokensPerMinute: 1000, budget }
  const call = await open(t, [
    { id: 'limited', secret: LIMITED, scopes: ['*'], ...limits },
    { id: 'free', secretHash: 'a'.repeat(64), scopes: ['api'] }
  ])
  const create = (id: string, given: object) =>
    call(LIMITED, 'tokens.create', { id, scopes: ['api'], ...limits, ...given })
  const refusal = (limit: string) =>
    `-32000 Forbidden: this token is limited itself, and cannot give more than its own \`${limit}\``

  t.match(await create('same', {}), { id: 'same' })
  t.match(await create('less', { agents: [], models: ['builtin/echo'], tokensPerMinute: 1 }), { id: 'less' })
  for (const [limit, given] of Object.entries({
    agents: [undefined, ['default', 'other']],
    models: [undefined, ['other/*'], ['builtin/echo', 'openai/x']],
    tokensPerMinute: [undefined, 1001],
    budget: [
      undefined,
      { usd: 1, per: 'day' },
      { usd: 1, per: 'day', group: 'other' },
      { ...budget, usd: 11 },
      { tokens: 1, per: 'day', group: 'team' },
      { ...budget, per: 'week' }
    ]
  })) {
    for (const value of given) t.equal(await create('more', { [limit]: value }), refusal(limit), JSON.stringify(value))
  }
  t.equal(await call(LIMITED, 'tokens.rotate', { id: 'free' }), refusal('agents'))
  t.equal(await call(LIMITED, 'tokens.update', { id: 'limited', agents: null }), refusal('agents'), 'nor to itself')
  t.equal(await call(LIMITED, 'tokens.update', { id: 'same', budget: { ...budget, usd: 11 } }), refusal('budget'))
  t.match(await call(LIMITED, 'tokens.update', { id: 'limited', tokensPerMinute: 900 }), { tokensPerMinute: 900 })
  t.equal(await call(LIMITED, 'tokens.update', { id: 'limited', tokensPerMinute: 1000 }), refusal('tokensPerMinute'))
  t.match(await call(SECRETS.admin, 'tokens.update', { id: 'limited', agents: null }), { id: 'limited' })
})

t.test('a budget that nobody shares is no one’s to give', async (t) => {
  const budget = { tokens: 100, per: 'day' } as const
  const call = await open(t, [{ id: 'limited', secret: LIMITED, scopes: ['admin'], budget }])
  t.match(await call(LIMITED, 'tokens.create', { id: 'other', scopes: ['api'], budget }), /-32000 .*`budget`/)
  t.match(await call(LIMITED, 'tokens.update', { id: 'limited', budget: { ...budget, tokens: 50 } }), { id: 'limited' })
  t.match(await call(LIMITED, 'tokens.rotate', { id: 'limited' }), { id: 'limited' })
})
