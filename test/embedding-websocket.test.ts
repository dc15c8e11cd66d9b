import { once } from 'node:events'
import fastifyWebsocket from '@fastify/websocket'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import gateway, { type GatewayOptions } from '../src/gateway.ts'
import { completeOptions, SECRETS } from './support/gateway.ts'
import { connect, socketUrl } from './support/socket.ts'

const second = 'the-second-one-0123456789-0123456789-0123456789'
const host = (t: Test): FastifyInstance => {
  const app = Fastify()
  t.teardown(() => app.close())
  return app
}
async function add(t: Test, app: FastifyInstance, prefix: string, options: GatewayOptions = {}): Promise<void> {
  await app.register(gateway, { prefix, ...(await completeOptions(t, options)) })
}
const listen = (app: FastifyInstance) => app.listen({ host: '127.0.0.1', port: 0 })
async function say(url: string, text: string): Promise<string> {
  const ws = new WebSocket(url)
  await once(ws, 'open')
  ws.send(text)
  const [data] = await once(ws, 'message')
  ws.terminate()
  return (data as Buffer).toString()
}

t.test('two gateways in one host, each with its own sockets', async (t) => {
  const app = host(t)
  await add(t, app, '/a')
  await add(t, app, '/b', { gateway: { tokens: [{ id: 'b', secret: second, scopes: ['rpc'] }] } })
  const url = await listen(app)
  const [a, b] = [await connect(t, url, { path: '/a/ws' }), await connect(t, url, { path: '/b/ws', secret: second })]
  t.match(await a.call('system.ping'), { result: { pong: true } })
  t.match(await b.call('system.ping'), { result: { pong: true } })
  const stranger = await connect(t, url, { path: '/b/ws' })
  t.equal((await stranger.closed)[0], 4001)
  await app.close()
  t.same(
    [await a.closed, await b.closed],
    [
      [1001, 'Server shutting down'],
      [1001, 'Server shutting down']
    ]
  )
})

t.test('a host that has @fastify/websocket already', async (t) => {
  const app = host(t)
  await app.register(fastifyWebsocket)
  app.register(async (scope) => {
    scope.get('/own', { websocket: true }, (socket) => {
      socket.on('message', (data) => socket.send(`host: ${(data as Buffer).toString()}`))
    })
  })
  await add(t, app, '/a')
  await add(t, app, '/b', { gateway: { tokens: [{ id: 'b', secret: second, scopes: ['rpc'] }] } })
  const url = await listen(app)
  t.equal(await say(socketUrl(url, '/own'), 'hello'), 'host: hello')
  const a = await connect(t, url, { path: '/a/ws' })
  t.match(await a.call('system.ping'), { result: { pong: true } })
  const b = await connect(t, url, { path: '/b/ws', secret: second })
  t.match(await b.call('system.ping'), { result: { pong: true } })
  await t.rejects(connect(t, url, { path: '/a/ws', secret: SECRETS.mcp }), /403/)
  const stranger = await connect(t, url, { path: '/a/ws', secret: '' })
  t.equal((await stranger.closed)[0], 4001)
})

t.test('a host that answers upgrades of its own', async (t) => {
  const app = host(t)
  await add(t, app, '/ai')
  const own = new WebSocketServer({ noServer: true })
  own.on('connection', (socket) => socket.on('message', (data) => socket.send(`own: ${(data as Buffer).toString()}`)))
  app.server.on('upgrade', (request, socket, head) => {
    if (request.url === '/live') own.handleUpgrade(request, socket, head, (ws) => own.emit('connection', ws))
  })
  const url = await listen(app)
  t.equal(await say(socketUrl(url, '/live'), 'hello'), 'own: hello')
  const socket = await connect(t, url, { path: '/ai/ws' })
  t.match(await socket.call('system.ping'), { result: { pong: true } })
  for (const client of own.clients) client.terminate()
})
