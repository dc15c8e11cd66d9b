import type { ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { eventPayload, readOrder } from '../events.ts'
import { collect } from './collect.ts'
import { listen } from './listen.ts'

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no'
}
const readers = new Set<ServerResponse>()
let lastId = 0

/** Writes each event to each reader by itself: the least that a stream of events for many can do, and keeps none. */
async function emit(path: string): Promise<void> {
  const { count, burst } = readOrder(path)
  for (let n = 0; n < count; n += burst) {
    for (let i = 0; i < burst; i++) {
      const event = `id: ${++lastId}\nevent: audit:event\ndata: ${JSON.stringify(eventPayload(n + i))}\n\n`
      for (const reader of readers) reader.write(event)
    }
    await setImmediate()
  }
}

function stream(response: ServerResponse): void {
  // As the gateway's: the stream ends with its connection, so that both write the same bytes.
  response.shouldKeepAlive = false
  response.useChunkedEncodingByDefault = false
  response.writeHead(200, HEADERS)
  response.write('retry: 3000\nevent: retry\ndata: {"retry":3000}\n\n')
  readers.add(response)
  response.once('close', () => readers.delete(response))
}

await listen(
  createServer((request, response) => {
    const path = request.url ?? ''
    if (path === '/api/events') return stream(response)
    if (path === '/_gc') collect()
    response.end('{}')
    if (path.startsWith('/_emit')) void emit(path)
  })
)
