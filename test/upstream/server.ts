import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { answer } from './answer.ts'
import { answerEmbeddings } from './embeddings.ts'
import * as log from './log.ts'
import { anthropicModels, geminiModels, openaiModels } from './models.ts'
import type { JsonObject } from './wire.ts'
import { parsedOr } from './wire.ts'

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    // That a client leaves is what many tests are about; anything else is a fault of the upstream itself.
    if (!response.destroyed) console.error(error)
    response.destroy()
  })
})

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/_requests') return showLog(request, response)
  const entry = log.follow(request, response)
  const raw = await text(request)
  entry.body = parsedOr(raw, undefined)
  log.add(entry)
  const list = request.method === 'GET' ? modelList(request) : undefined
  if (list) response.setHeader('content-type', 'application/json').end(JSON.stringify(list))
  else if (!answerEmbeddings(request, response, entry)) await answer(request, response, entry, raw)
}

function showLog(request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'DELETE') log.clear()
  response.setHeader('content-type', 'application/json').end(JSON.stringify(log.requests()))
}

function modelList({ url = '', headers }: IncomingMessage): JsonObject | undefined {
  const [path] = url.split('?')
  if (path === '/v1beta/models') return geminiModels()
  if (path !== '/v1/models') return undefined
  return headers['anthropic-version'] === undefined ? openaiModels() : anthropicModels()
}

const leave = (): void => process.exit(0)
process.once('SIGTERM', leave)
// A pipe that breaks closes without an end, and a file ends without a close.
process.stdin.once('end', leave).once('close', leave).resume()

server.listen(Number(process.env.PORT ?? 0), '127.0.0.1')
await once(server, 'listening')
console.log(`listening ${(server.address() as AddressInfo).port}`)
