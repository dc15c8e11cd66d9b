import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { collect } from './collect.ts'
import { listen } from './listen.ts'

/** JSON-RPC over `ws` with one method, and nothing that is checked: the least that a server made with `ws` can do. */
const server = createServer((request, response) => {
  if (request.url === '/_gc') collect()
  response.end('{}')
})

new WebSocketServer({ server }).on('connection', (socket) => {
  socket.on('message', (data: Buffer) => {
    const { id, method } = JSON.parse(data.toString()) as { id: number; method: string }
    if (method !== 'system.ping') return
    socket.send(JSON.stringify({ jsonrpc: '2.0', result: { pong: true, ts: Date.now() }, id }))
  })
})

await listen(server)
