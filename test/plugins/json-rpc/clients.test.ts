import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Client as OpenRpcClient, HTTPTransport, RequestManager, WebSocketTransport } from '@open-rpc/client-js'
import jayson from 'jayson/promise/index.js'
import { JSONRPCClient, type JSONRPCResponse } from 'json-rpc-2.0'
import t from 'tap'
import { WebSocket } from 'ws'
import { bearer, listenGateway, SECRETS } from '../../support/gateway.ts'
import { socketUrl } from '../../support/socket.ts'
import { waitUntil } from '../../support/watch.ts'

const echo = { agents: { default: { provider: 'builtin', model: 'echo' } } }
const WSCAT = join(import.meta.dirname, '../../../node_modules/wscat/bin/wscat')
const ask = { message: 'hello there' }
const answered = { response: 'hello there', finishReason: 'stop' }
const withToken = (url: string) => `${socketUrl(url)}?token=${SECRETS.all}`

t.test('json-rpc-2.0, over HTTP', async (t) => {
  const { url } = await listenGateway(t, echo)
  const client: JSONRPCClient = new JSONRPCClient(async (request) => {
    const headers = { ...bearer(), 'content-type': 'application/json' }
    const response = await fetch(`${url}/rpc`, { method: 'POST', headers, body: JSON.stringify(request) })
    if (response.status === 200) client.receive((await response.json()) as JSONRPCResponse)
    else if (response.status !== 204) throw new Error(response.statusText)
  })
  t.match(await client.request('system.ping', {}), { pong: true })
  t.match(await client.request('agent.execute', ask), answered)
  await t.rejects(Promise.resolve(client.request('no.such', {})), { message: 'Method not found', code: -32_601 })
  client.notify('system.ping', {})
  const batch = [
    { jsonrpc: '2.0' as const, id: 'a', method: 'system.ping' },
    { jsonrpc: '2.0' as const, id: 'b', method: 'turn.list' }
  ]
  t.match(await client.requestAdvanced(batch), [{ id: 'a' }, { id: 'b', result: { turns: [] } }])
})

t.test('json-rpc-2.0, over a WebSocket', async (t) => {
  const { url } = await listenGateway(t, echo)
  const ws = new WebSocket(withToken(url))
  t.teardown(() => ws.terminate())
  await once(ws, 'open')
  const client = new JSONRPCClient((request) => ws.send(JSON.stringify(request)))
  ws.on('message', (data: Buffer) => client.receive(JSON.parse(data.toString())))
  const many = Array.from({ length: 10 }, () => client.request('agent.execute', ask))
  for (const answer of await Promise.all(many)) t.match(answer, answered)
  await t.rejects(Promise.resolve(client.request('agent.execute', {})), { message: 'Invalid params' })
})

t.test('jayson, over HTTP and a WebSocket', async (t) => {
  const { url } = await listenGateway(t, echo)
  const { hostname, port } = new URL(url)
  const http = jayson.Client.http({ hostname, port: Number(port), path: '/rpc', headers: bearer() })
  const ws = new WebSocket(withToken(url))
  t.teardown(() => ws.terminate())
  await once(ws, 'open')
  const socket = jayson.Client.websocket({ ws: ws as never })
  for (const client of [http, socket]) {
    t.match(await client.request('system.ping', {}), { result: { pong: true } })
    t.match(await client.request('agent.execute', ask), { result: answered })
    t.match(await client.request('agent.execute', ['by position']), { result: { response: 'by position' } })
    t.match(await client.request('no.such', []), { error: { code: -32_601 } })
    const batch = [
      client.request('system.ping', {}, undefined, false),
      client.request('turn.list', {}, undefined, false)
    ]
    t.match(await client.request(batch as never), [{ result: { pong: true } }, { result: { turns: [] } }])
  }
})

t.test('@open-rpc/client-js, over HTTP and a WebSocket', async (t) => {
  const { url } = await listenGateway(t, echo)
  // Each opens its connection when it is made, and hears of it only if it is asked to at once.
  const transports = [
    () => new HTTPTransport(`${url}/rpc`, { headers: bearer() }),
    () => new WebSocketTransport(withToken(url))
  ]
  for (const open of transports) {
    const client = new OpenRpcClient(new RequestManager([open()]))
    t.match(await client.request({ method: 'system.ping', params: {} }), { pong: true })
    t.match(await client.request({ method: 'agent.execute', params: ask }), answered)
    t.match(await client.request({ method: 'rpc.discover', params: [] }), { openrpc: '1.3.2' })
    await t.rejects(client.request({ method: 'agent.execute', params: { message: 5 } }), { code: -32_602 })
    client.close()
  }
})

t.test('wscat', async (t) => {
  const { url } = await listenGateway(t, echo)
  const call = '{"jsonrpc":"2.0","id":1,"method":"agent.stream","params":{"message":"hello there"}}'
  const child = spawn(process.execPath, [WSCAT, '-c', withToken(url), '-x', call, '-w', '10'], { stdio: 'pipe' })
  t.teardown(() => child.kill('SIGKILL'))
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  await waitUntil(
    () => output.includes('"result"'),
    () => output
  )
  t.match(output, '"method":"agent.delta"')
  t.match(output, '"response":"hello there"')
})
