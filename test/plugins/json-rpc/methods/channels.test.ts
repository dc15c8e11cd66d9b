import t from 'tap'
import { bearer, listenGateway, SECRETS, servicesOf, temporaryFolder } from '../../../support/gateway.ts'
import { caller } from '../../../support/socket.ts'
import { watch } from '../../../support/watch.ts'

const echo = { agents: { default: { name: 'Echo', provider: 'builtin', model: 'echo' } } }

t.test('a channel is disabled, enabled and restarted, and what serves it follows', async (t) => {
  const dataDir = await temporaryFolder(t)
  const { app, url } = await listenGateway(t, { ...echo, dataDir, channels: { telegram: {} } })
  const rpc = caller(url)
  const calls: string[] = []
  let connected = true
  const { channels } = await servicesOf(app)
  channels.register({
    type: 'telegram',
    status: () => (connected ? 'connected' : 'disconnected'),
    start: async () => void ((connected = true), calls.push('start')),
    stop: async () => void ((connected = false), calls.push('stop'))
  })
  channels.register({ type: 'sms', status: () => 'connected' })
  const listed = async () =>
    ((await (await fetch(`${url}/api/channels`, { headers: bearer(SECRETS.rpc) })).json()) as { channels: object[] })
      .channels.length

  t.match((await rpc('channels.disable', { type: 'telegram' })).result, { enabled: false, status: 'disconnected' })
  t.same([await listed(), calls], [1, ['stop']])
  t.match((await rpc('channels.list')).result.channels, [
    { type: 'telegram', enabled: false },
    { type: 'sms', enabled: true }
  ])
  t.match((await rpc('channels.restart', { type: 'telegram' })).error, { message: 'The channel is not enabled' })
  t.match((await rpc('channels.enable', { type: 'telegram' })).result, { enabled: true, status: 'connected' })
  t.match((await rpc('channels.restart', { type: 'telegram' })).result, { status: 'connected' })
  t.same([await listed(), calls], [2, ['stop', 'start', 'stop', 'start']])
  t.match((await rpc('channels.restart', { type: 'sms' })).error, { message: /cannot be restarted/ })
  t.match((await rpc('channels.disable', { type: 'sms' })).result, { enabled: false })
  for (const method of ['get', 'health', 'enable', 'disable', 'restart']) {
    t.match((await rpc(`channels.${method}`, { type: 'nothing' })).error, { data: { code: 'not_found' } }, method)
  }
  await app.close()
  const again = await listenGateway(t, { ...echo, dataDir, channels: { telegram: {} } })
  t.match((await caller(again.url)('channels.get', { type: 'sms' })).result, { enabled: false, status: 'unavailable' })
})

t.test('how a channel is, is looked at and told', async (t) => {
  const { app, url } = await listenGateway(t, { ...echo, channels: { empty: {} } })
  const { channels } = await servicesOf(app)
  const check = async () => {
    throw new Error('The token was refused')
  }
  channels.register({ type: 'well', status: () => 'connected', check: async () => {} })
  channels.register({ type: 'plain', status: () => 'connecting' })
  channels.register({ type: 'ill', status: () => 'connected', check })
  const seen = await watch(t, url, { query: '?types=diagnostic:*' })
  const rpc = caller(url)
  const health = async (type: string) => (await rpc('channels.health', { type })).result
  t.same(await health('well'), { healthy: true, status: 'connected' })
  t.same(await health('plain'), { healthy: false, status: 'connecting' })
  t.same(await health('ill'), { healthy: false, status: 'connected', message: 'The token was refused' })
  t.same(await health('empty'), { healthy: false, status: 'unavailable' })
  await seen.until(4)
  t.same(seen.of('diagnostic:channel_health'), [
    { type: 'well', status: 'healthy' },
    { type: 'plain', status: 'connecting' },
    { type: 'ill', status: 'connected', message: 'The token was refused' },
    { type: 'empty', status: 'unavailable' }
  ])
})

t.test('a channel that does not start is enabled all the same, and its failure told', async (t) => {
  const { app, url } = await listenGateway(t, { ...echo, channels: { broken: { enabled: false } } })
  const start = async () => {
    throw new Error('secret detail')
  }
  ;(await servicesOf(app)).channels.register({ type: 'broken', status: () => 'error', start })
  const { error } = await caller(url)('channels.enable', { type: 'broken' })
  t.match(error, { code: -32_000, message: 'The channel could not be started', data: { code: 'channel_failed' } })
  t.notMatch(JSON.stringify(error), 'secret detail')
  t.match((await caller(url)('channels.get', { type: 'broken' })).result, { enabled: true, status: 'error' })
})
