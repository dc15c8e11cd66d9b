import Fastify from 'fastify'
import t, { type Test } from 'tap'
import gateway, { type GatewayOptions } from '../../src/gateway.ts'
import { bearer, completeOptions } from '../support/gateway.ts'
import { type Asked, ask, clientOf, createAuthority } from '../support/tls.ts'

type Client = NonNullable<NonNullable<NonNullable<GatewayOptions['gateway']>['tls']>['clients']>[number]

const authority = await createAuthority(t)

/** A host that asks for certificates, and knows a robot by its own. */
async function serve(t: Test, limits: Partial<Client>) {
  const san = 'DNS:localhost,IP:127.0.0.1'
  const { cert, key, ca } = await clientOf(authority, await authority.issue('host', { subject: '/CN=localhost', san }))
  const app = Fastify({ https: { cert, key, ca, requestCert: true, rejectUnauthorized: false } })
  t.teardown(() => app.close())
  const clients = [{ subject: 'CN=robot', id: 'robot', scopes: ['rpc' as const], ...limits }]
  await app.register(gateway, {
    ...(await completeOptions(t, {
      gateway: { tls: { clients } },
      agents: { default: { provider: 'builtin', model: 'echo' }, other: { provider: 'builtin', model: 'echo' } }
    }))
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const robot = await clientOf(authority, await authority.issue('robot', { subject: '/CN=robot' }))
  const chat = (agentId = 'default') => ask(`${url}/api/chat`, robot, {}, { message: 'one two', agentId })
  const complete = (model: string) =>
    ask(`${url}/v1/chat/completions`, robot, {}, { model, messages: [{ role: 'user', content: 'hi' }] })
  const rpc = (method: string, params: object) =>
    ask(`${url}/rpc`, { ca }, bearer(), { jsonrpc: '2.0', id: 1, method, params })
  return { url, robot, chat, complete, rpc }
}

const statuses = async (asked: (() => Promise<Asked>)[]) => {
  const seen: number[] = []
  for (const ask of asked) seen.push((await ask()).status)
  return seen
}

t.test('a client that its certificate authenticates has the limits of a token', async (t) => {
  await t.test('agents and models', async (t) => {
    const { chat, complete } = await serve(t, { agents: ['default'], models: ['builtin/recall'] })
    t.same(await statuses([chat, () => chat('other')]), [200, 403])
    t.same(await statuses([() => complete('builtin/recall'), () => complete('builtin/echo')]), [200, 403])
  })
  await t.test('requests', async (t) => {
    const { url, robot } = await serve(t, { rateLimit: { windowMs: 60_000, maxRequests: 2 } })
    const agents = () => ask(`${url}/api/agents`, robot)
    t.same(await statuses([agents, agents, agents]), [200, 200, 429])
    t.equal((await agents()).headers['ratelimit-limit'], '2')
  })
  await t.test('tokens in a minute', async (t) => {
    const { chat } = await serve(t, { tokensPerMinute: 1 })
    t.same(await statuses([chat, chat]), [200, 429])
  })
  await t.test('a budget, which is listed and can be changed', async (t) => {
    const { chat, rpc } = await serve(t, { budget: { tokens: 2, per: 'day' } })
    t.same(await statuses([chat, chat]), [200, 429])
    const { result } = JSON.parse((await rpc('tokens.list', {})).text)
    const robot = result.tokens.find(({ id }: { id: string }) => id === 'robot')
    t.match(robot, { source: 'certificate', budget: { tokens: 2, per: 'day', left: 0 } })
    await rpc('tokens.update', { id: 'robot', budget: { tokens: 1000, per: 'day' } })
    t.equal((await chat()).status, 200)
  })
})

t.test('limits are the client’s, and stand there once', async (t) => {
  const refused = async (limits: Partial<Client>) => t.rejects(serve(t, limits), /gateway\.tls\.clients\.0/)
  await refused({ budget: { per: 'day' } })
  const token = { id: 'robot', secretHash: 'a'.repeat(64), scopes: ['rpc' as const] }
  const budget = { tokens: 5, per: 'day', group: 'g' } as const
  const clients = [{ subject: 'CN=robot', id: 'robot', scopes: ['rpc' as const], budget }]
  const start = async (tokens: object[]) => {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(gateway, await completeOptions(t, { gateway: { tls: { clients }, tokens: tokens as never } }))
  }
  await t.rejects(start([{ ...token, tokensPerMinute: 5 }]), /"robot" has other limits elsewhere/)
  await t.rejects(start([{ ...token, id: 'other', budget: { ...budget, tokens: 6 } }]), /the group "g" has another/)
  await start([token, { ...token, id: 'other', secretHash: 'b'.repeat(64), budget }])
})
