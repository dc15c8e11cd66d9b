// A collector of traces, as a process: takes OTLP/HTTP with JSON at /v1/traces and shows at / what came, with its headers.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

const requests: { headers: object; body: unknown }[] = []
const server = createServer(async (request, response) => {
  const body = await text(request)
  if (request.method === 'GET') return void response.end(JSON.stringify(requests))
  if (request.url !== '/v1/traces') return void response.writeHead(404).end()
  requests.push({ headers: request.headers, body: JSON.parse(body) })
  response.setHeader('content-type', 'application/json').end('{}')
})
process.stdin.once('end', () => process.exit(0)).resume()
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
