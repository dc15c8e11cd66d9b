import t from 'tap'
import { startUpstream } from '../../../upstream/start.ts'
import { bearer, listenGateway, SECRETS, temporaryFolder } from '../../../support/gateway.ts'
import { caller } from '../../../support/socket.ts'
import { watch } from '../../../support/watch.ts'

const echo = { agents: { default: { name: 'Echo', provider: 'builtin', model: 'echo' } } }

t.test('an agent is added, changed, suspended, resumed and taken away, at once and for good', async (t) => {
  const dataDir = await temporaryFolder(t)
  const { app, url } = await listenGateway(t, { ...echo, dataDir })
  const rpc = caller(url)
  const listed = async (at = url) => {
    const answer = await fetch(`${at}/api/agents`, { headers: bearer(SECRETS.rpc) })
    return ((await answer.json()) as { agents: { id: string; name: string; status: string }[] }).agents
  }
  const seen = await watch(t, url, { query: '?types=agent:*', secret: SECRETS.rpc })
  const parrot = { agentId: 'parrot', provider: 'builtin', model: 'echo' }
  const created = await rpc('agents.create', { ...parrot, name: 'Polly' })
  t.match(created.result, { id: 'parrot', name: 'Polly', status: 'active', config: { model: 'echo', maxSteps: 10 } })
  t.match((await rpc('agent.execute', { message: 'Hi', agentId: 'parrot' })).result, { response: 'Hi' })
  t.match(await listed(), [{ id: 'default' }, { id: 'parrot', name: 'Polly', status: 'active' }])

  await rpc('agents.update', { agentId: 'parrot', patch: { name: null, timeoutSeconds: 9 } })
  t.match((await rpc('agents.get', { agentId: 'parrot' })).result, { name: 'parrot', config: { timeoutSeconds: 9 } })
  t.match((await rpc('agents.suspend', { agentId: 'parrot' })).result, { status: 'suspended' })
  t.match((await rpc('agent.execute', { message: 'Hi', agentId: 'parrot' })).error, {
    data: { code: 'agent_suspended' }
  })
  t.match((await listed())[1], { status: 'suspended' })
  await app.close()

  const again = await listenGateway(t, { ...echo, dataDir })
  const later = caller(again.url)
  t.match((await listed(again.url))[1], { id: 'parrot', status: 'suspended' }, 'also after a restart')
  t.match((await later('agents.resume', { agentId: 'parrot' })).result, { status: 'active' })
  t.match((await later('agents.delete', { agentId: 'parrot' })).result, { deleted: true })
  t.match((await listed(again.url)).length, 1)
  t.match((await later('agent.execute', { message: 'Hi', agentId: 'parrot' })).error, {
    data: { code: 'unknown_agent' }
  })
  t.match((await later('agents.create', { ...parrot, name: 'Second' })).result, { config: { maxSteps: 10 } })
  t.match((await later('agents.get', { agentId: 'parrot' })).result.config.timeoutSeconds, 600, 'nothing of the first')

  const replay = await watch(t, again.url, { query: '?types=agent:*', lastEventId: '0' })
  await replay.until(3)
  t.same(
    replay.events.map(({ event, data }) => [event, JSON.parse(data)]),
    ['agent:hot_added', 'agent:hot_removed', 'agent:hot_added'].map((event) => [event, { agentId: 'parrot' }])
  )
  t.match(seen.of('agent:hot_added'), [{ agentId: 'parrot' }])
})

t.test('what cannot be done with an agent is told', async (t) => {
  const { url } = await listenGateway(t, echo)
  const rpc = caller(url)
  const failing = async (method: string, params: object) => (await rpc(method, params)).error
  const taken = {
    code: -32_602,
    message: 'There is an agent "default" already',
    data: { issues: [{ path: 'agentId' }] }
  }
  t.match(await failing('agents.create', { agentId: 'default' }), taken)
  t.match(await failing('agents.create', { agentId: '../x' }), {
    data: { issues: [{ path: 'agents.../x', message: /not a usable name/ }] }
  })
  t.match(await failing('agents.create', { agentId: 'x', nmae: 'X' }), {
    data: { issues: [{ path: 'nmae', message: /did you mean "name"/ }] }
  })
  t.match(await failing('agents.create', { agentId: 'x', maxSteps: 'many' }), { code: -32_602 })
  for (const method of ['update', 'suspend', 'resume', 'delete', 'get']) {
    const params = { agentId: 'nobody', ...(method === 'update' && { patch: {} }) }
    t.match(await failing(`agents.${method}`, params), { code: -32_602, data: { code: 'unknown_agent' } }, method)
  }
  t.match(await failing('agents.delete', { agentId: 'default' }), { message: /The last agent cannot be deleted/ })
  t.equal((await rpc('agents.list')).result.agents.length, 1)
  const { error } = await caller(url, SECRETS.rpc)('agents.create', { agentId: 'x' })
  t.match(error, { message: "Insufficient scope: requires 'admin'" })
})

t.test('what runs goes on to its end, whatever becomes of its agent', async (t) => {
  await using upstream = await startUpstream()
  const { url } = await listenGateway(t, {
    providers: { up: { type: 'openai-compatible', baseURL: `${upstream.url}/v1` } },
    agents: { default: { provider: 'builtin', model: 'echo' }, slow: { provider: 'up', model: 'slow-30' } }
  })
  const rpc = caller(url)
  const answer = rpc('agent.execute', { message: 'Hello', agentId: 'slow' })
  await upstream.waitFor(() => true)
  t.match((await rpc('agents.delete', { agentId: 'slow' })).result, { deleted: true })
  await rpc('config.patch', { patch: { providers: { up: null } } })
  t.match((await rpc('turn.list')).result.turns, [{ agentId: 'slow' }])
  t.match((await answer).result, { finishReason: 'stop' })
})

t.test('two admins at once do not undo each other', async (t) => {
  const { url } = await listenGateway(t, echo)
  const rpc = caller(url)
  const ids = Array.from({ length: 20 }, (_, n) => `a${n}`)
  const outcomes = await Promise.all(ids.map((agentId) => rpc('agents.create', { agentId, provider: 'builtin' })))
  t.same(
    outcomes.filter(({ error }) => error),
    []
  )
  t.equal((await rpc('agents.list')).result.agents.length, 21)
  t.equal((await rpc('config.read')).result.version, 21)
  const [one, other] = await Promise.all([
    rpc('agents.create', { agentId: 'same', provider: 'builtin' }),
    rpc('agents.create', { agentId: 'same', provider: 'builtin' })
  ])
  t.equal([one, other].filter(({ error }) => error).length, 1)
})
