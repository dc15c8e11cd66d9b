import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import type { FastifyInstance } from 'fastify'
import { bearer, buildGateway, SECRETS, servicesOf, temporaryFolder } from '../../support/gateway.ts'

const echo = {
  agents: { default: { provider: 'builtin', model: 'echo' }, other: { provider: 'builtin', model: 'echo' } }
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** Requests in the name of a client; the body's JSON comes with the status in `status`. */
const client = (app: FastifyInstance, secret: string) => async (method: Method, url: string, payload?: object) => {
  const answer = await app.inject({ method, url, payload, headers: bearer(secret) })
  return { status: answer.statusCode, ...(answer.body === '' ? {} : answer.json()) }
}

t.test('sessions are listed, told of and read by their owner and by admins', async (t) => {
  const app = await buildGateway(t, echo)
  const one = client(app, SECRETS.rpc)
  const admin = client(app, SECRETS.admin)
  await one('POST', '/api/chat', { message: 'first', sessionKey: 'a' })
  await one('POST', '/api/chat', { message: 'second', sessionKey: 'with / and ü', agentId: 'other' })
  await admin('POST', '/api/chat', { message: 'of the admin', sessionKey: 'a' })
  const keys = ({ sessions }: { sessions: { clientId: string; sessionKey: string }[] }) =>
    sessions.map(({ clientId, sessionKey }) => `${clientId} ${sessionKey}`)

  const own = await one('GET', '/api/sessions')
  t.same(keys(own), ['rpc with / and ü', 'rpc a'])
  t.strictSame(Object.keys(own.sessions[1]).toSorted(), [
    'agentId',
    'clientId',
    'createdAt',
    'messages',
    'sessionKey',
    'updatedAt'
  ])
  t.match(own.sessions[1], { agentId: 'default', messages: 2, createdAt: Number, updatedAt: Number })
  t.same(keys(await one('GET', '/api/sessions?clientId=rpc&agentId=other')), ['rpc with / and ü'])
  t.equal((await one('GET', '/api/sessions?clientId=admin')).status, 403)
  t.same(keys(await admin('GET', '/api/sessions')), ['admin a', 'rpc with / and ü', 'rpc a'])
  t.same(keys(await admin('GET', '/api/sessions?clientId=rpc')), ['rpc with / and ü', 'rpc a'])
  const first = await admin('GET', '/api/sessions?limit=2')
  t.same(keys(await admin('GET', `/api/sessions?limit=2&before=${first.next}`)), ['rpc a'])
  t.match(await admin('GET', '/api/sessions?before=x'), { status: 400, error: /no `next`/ })

  const path = `/api/sessions/${encodeURIComponent('with / and ü')}`
  t.match(await one('GET', path), { status: 200, agentId: 'other', running: [], compacted: false, messages: 2 })
  t.match(await admin('GET', path), { status: 404, error: 'There is no such session' })
  t.match(await admin('GET', `${path}?clientId=rpc`), { status: 200, clientId: 'rpc' })
  t.match(await one('GET', `/api/sessions/a/export`), {
    session: { sessionKey: 'a', clientId: 'rpc' },
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'first' }], timestamp: Number, turnId: /^turn_/ },
      { role: 'assistant', content: [{ type: 'text', text: 'first' }] }
    ]
  })
  t.match(await admin('GET', '/api/sessions/a/export?clientId=rpc'), { messages: { length: 2 } })
})

t.test('what is not there, and what is another’s', async (t) => {
  const app = await buildGateway(t, echo)
  const one = client(app, SECRETS.rpc)
  const other = client(app, SECRETS.all)
  await other('POST', '/api/chat', { message: 'mine', sessionKey: 'theirs' })
  const calls: [Method, string][] = [
    ['GET', ''],
    ['DELETE', ''],
    ['GET', '/export'],
    ['POST', '/reset'],
    ['POST', '/compact']
  ]
  for (const [method, path] of calls) {
    t.equal((await one(method, `/api/sessions/theirs${path}`)).status, 404, `${method} ${path}`)
    t.equal((await one(method, `/api/sessions/theirs${path}?clientId=all`)).status, 403)
    t.equal((await other(method, `/api/sessions/none${path}`)).status, 404)
    t.equal((await client(app, SECRETS.api)(method, `/api/sessions/theirs${path}`)).status, 403)
  }
  t.match(await other('GET', '/api/sessions/theirs'), { messages: 2, compacted: false })
})

t.test('a session is renamed by its owner and by admins, and found by its title', async (t) => {
  const app = await buildGateway(t, echo)
  const one = client(app, SECRETS.rpc)
  const admin = client(app, SECRETS.admin)
  for (const sessionKey of ['a', 'b']) await one('POST', '/api/chat', { message: 'x', sessionKey })
  const rename = (title: unknown, call = one, query = '') => call('PATCH', `/api/sessions/a${query}`, { title })
  t.match(await rename('  Émile’s plan  '), { status: 200, sessionKey: 'a', title: 'Émile’s plan', messages: 2 })
  t.equal((await one('GET', '/api/sessions/a')).title, 'Émile’s plan')
  t.equal((await one('GET', '/api/sessions/a/export')).session.title, 'Émile’s plan')
  const found = await one('GET', `/api/sessions?title=${encodeURIComponent('ÉMILE')}`)
  t.match(found.sessions, [{ sessionKey: 'a' }])
  t.equal(found.sessions.length, 1)

  for (const title of ['x'.repeat(201), 'two\nlines', 'nul\u0000', '\ud800', 5, undefined]) {
    t.match(await rename(title), { status: 400, error: /title/ }, String(title))
  }
  t.equal((await rename('😀'.repeat(200))).status, 200, 'characters are counted, and not what they are made of')
  t.equal((await rename('x', client(app, SECRETS.api))).status, 403)
  t.equal((await rename('x', client(app, SECRETS.all))).status, 404)
  t.equal((await rename('x', one, '?clientId=admin')).status, 403)
  t.match(await rename('by the admin', admin, '?clientId=rpc'), { status: 200, title: 'by the admin' })
  for (const none of [null, '  ']) {
    await rename('x')
    t.notOk('title' in (await rename(none)), 'it has none any more')
  }
  const { storage } = await servicesOf(app)
  const told = (await storage.events.after(0, 1000)).find(({ payload }) => payload.includes('session.rename'))
  t.match(JSON.parse(told?.payload ?? ''), { outcome: 'done', subject: 'a', by: 'rpc' })
})

t.test('a reset starts a new conversation; a removed session is gone, and its turns stay counted', async (t) => {
  const dataDir = await temporaryFolder(t)
  const app = await buildGateway(t, { dataDir })
  const one = client(app, SECRETS.rpc)
  const ask = async (message: string, sessionKey = 's') =>
    (await one('POST', '/api/chat', { message, sessionKey })).response as string
  await ask('My bicycle is turquoise.')
  t.match(await ask('What colour is my bicycle?'), /turquoise/)
  t.strictSame(await one('POST', '/api/sessions/s/reset'), { status: 200, reset: true })
  t.notMatch(await ask('What colour is my bicycle?'), /turquoise/)
  t.equal((await one('GET', '/api/chat/history?channelId=s')).messages[0].content, 'My bicycle is turquoise.')

  const many = client(app, SECRETS.admin)
  for (let n = 0; n < 60; n++) await many('POST', '/api/chat', { message: `number ${n}`, sessionKey: 's' })
  t.equal((await many('DELETE', '/api/sessions/s')).status, 204)
  t.equal((await many('GET', '/api/sessions/s')).status, 404)
  t.strictSame((await many('GET', '/api/chat/history?channelId=s')).messages, [])
  t.match(await one('GET', '/api/sessions/s'), { messages: Number }, 'the one of the same key stays')
  t.equal((await one('DELETE', '/api/sessions/s')).status, 204)

  const { storage } = await servicesOf(app)
  const told = (await storage.events.after(0, 1000)).filter(({ type }) => type === 'audit:event')
  t.match(
    told.map(({ payload, owner }) => ({ ...(JSON.parse(payload) as object), owner })),
    [
      { action: 'session.reset', outcome: 'done', subject: 's', clientId: 'rpc', by: 'rpc', owner: 'rpc' },
      { action: 'session.delete', outcome: 'done', subject: 's', agentId: 'default', owner: 'admin' },
      { action: 'session.delete', owner: 'rpc' }
    ]
  )
  await ask('again')
  t.match(await one('GET', '/api/sessions/s'), { messages: 2 }, 'its key can be had anew')

  await app.close()
  const db = new DatabaseSync(join(dataDir, 'gateway.db'), { readOnly: true })
  const { turns } = db.prepare('SELECT count(*) AS turns FROM turns').get() as { turns: number }
  db.close()
  t.equal(turns, 64)
})

t.test('a long session is exported as one document', async (t) => {
  const app = await buildGateway(t, echo)
  const one = client(app, SECRETS.rpc)
  for (let n = 0; n < 120; n++) await one('POST', '/api/chat', { message: `"${n}"`, sessionKey: 's' })
  const { session, messages } = await one('GET', '/api/sessions/s/export')
  t.equal(session.messages, 240)
  t.equal(messages.length, 240)
  t.same(messages[200].content, [{ type: 'text', text: '"100"' }])
})
