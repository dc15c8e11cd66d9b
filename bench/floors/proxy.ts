import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer, request as ask } from 'node:http'
import { collect } from './collect.ts'
import { listen } from './listen.ts'

const upstream = new URL(process.argv[2] ?? '')
const agent = new Agent({ keepAlive: true })

/** Passes a request on and its answer back, unread: the least that a hop between client and provider can do. */
function pass(request: IncomingMessage, response: ServerResponse): void {
  const { method, url: path, headers } = request
  if (path === '/_gc') {
    collect()
    return void response.end()
  }
  const { hostname: host, port } = upstream
  const onward = ask({ agent, host, port, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
    answer.once('error', () => response.destroy())
  })
  onward.once('error', () => response.destroy())
  response.once('close', () => {
    if (!response.writableFinished) onward.destroy()
  })
  request.pipe(onward)
}

await listen(createServer(pass))
