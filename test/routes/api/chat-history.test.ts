import t from 'tap'
import { bearer, buildGateway, SECRETS } from '../../support/gateway.ts'

t.test('history, by client, session and limit', async (t) => {
  const app = await buildGateway(t, { agents: { default: { provider: 'builtin', model: 'echo' } } })
  const say = (message: string, sessionKey: string, secret: string) =>
    app.inject({ method: 'POST', url: '/api/chat', payload: { message, sessionKey }, headers: bearer(secret) })
  await say('first', 'a', SECRETS.rpc)
  await say('second', 'b', SECRETS.rpc)
  await say('of another', 'a', SECRETS.admin)

  const read = async (query: string, secret: string = SECRETS.rpc) => {
    const answer = await app.inject({ url: `/api/chat/history${query}`, headers: bearer(secret) })
    return answer.statusCode === 200 ? answer.json().messages : answer.statusCode
  }
  const texts = async (...args: Parameters<typeof read>) =>
    (await read(...args)).map(({ content }: { content: string }) => content)

  const [message] = await read('?channelId=a')
  t.match(message, { role: 'user', content: 'first', sessionKey: 'a' })
  t.ok(Math.abs(message.timestamp - Date.now()) < 10_000, 'milliseconds since the epoch')
  t.same(await texts(''), ['first', 'first', 'second', 'second'])
  t.same(await texts('?channelId=b'), ['second', 'second'])
  t.same(await texts('?channelId=none'), [])
  t.same(await texts('?limit=3'), ['first', 'second', 'second'], 'the newest, oldest first')
  t.same(await texts('?limit=0'), ['second'], 'clamped')
  t.same((await texts('?limit=many')).length, 4, 'not a number means the default')
  t.same((await texts('?limit=')).length, 4)

  t.same(await texts('?channelId=a&clientId=rpc', SECRETS.admin), ['first', 'first'])
  t.equal(await read('?channelId=a&clientId=admin'), 403)
  t.same(await texts('?channelId=a&clientId=rpc'), ['first', 'first'], 'to name oneself is no matter')
})
