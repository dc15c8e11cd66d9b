import { once } from 'node:events'
import { request as httpsRequest } from 'node:https'
import t from 'tap'
import { WebSocket } from 'ws'
import { bearer } from '../support/gateway.ts'
import { startProcess } from '../support/process.ts'
import { ask, clientOf } from '../support/tls.ts'
import { ROBOT, serveTls } from '../support/tls-process.ts'

t.test('a client is revoked with what goes on under its certificate, also over a restart', async (t) => {
  const { authority, process, url } = await serveTls(t)
  const robot = await clientOf(authority, await authority.issue('robot', ROBOT))
  const ws = new WebSocket(`${url.replace('https', 'wss')}/ws`, robot)
  t.teardown(() => ws.terminate())
  await once(ws, 'open')
  const stream = httpsRequest(`${url}/api/events`, { ...robot, agent: false }).end()
  const [events] = await once(stream, 'response')
  events.resume()
  const call = (method: string, params: object) => {
    const asked = httpsRequest(`${url}/rpc`, {
      ...robot,
      method: 'POST',
      agent: false,
      headers: { ...bearer(), 'content-type': 'application/json' }
    })
    asked.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))
    return once(asked, 'response').then(async ([response]) => JSON.parse(String(await once(response, 'data'))))
  }
  const { result } = await call('tokens.list', {})
  t.match(
    result.tokens.filter(({ source }: { source: string }) => source === 'certificate'),
    [{ id: 'reader' }, { id: 'robot', scopes: ['rpc'], lastUsedAt: Number }]
  )
  t.match(await call('tokens.rotate', { id: 'robot' }), { error: { data: { code: 'not_found' } } })
  const gone = once(events, 'close')
  const closed = once(ws, 'close')
  t.match(await call('tokens.revoke', { id: 'robot' }), { result: Object })
  t.equal((await closed)[0], 4001)
  await gone
  t.equal((await ask(`${url}/api/agents`, robot)).status, 401)
  process.child.kill('SIGTERM')
  await process.exit
  const again = startProcess(t, { cwd: authority.folder })
  t.equal((await ask(`${await again.url()}/api/agents`, robot)).status, 401)
})
