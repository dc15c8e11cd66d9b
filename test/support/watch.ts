import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EventSourceMessage, ParseError } from 'eventsource-parser'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { Test } from 'tap'
import { bearer, SECRETS } from './gateway.ts'

export interface WatchOptions {
  /** Of the address, with its question mark. */
  query?: string
  secret?: string
  lastEventId?: string
  /** Where the gateway is, when it has a prefix. */
  path?: string
}

/** A client of the stream of events. */
export interface Watch {
  response: Response
  /** All that came, but for `retry` and `ping`. */
  events: EventSourceMessage[]
  /** The payloads of one type that came. */
  of(type: string): Record<string, unknown>[]
  /** Ids of all that came with one. */
  ids(): number[]
  /** Resolves once so many events came, or the condition holds. */
  until(wanted: number | (() => boolean)): Promise<void>
  /** Resolves once the stream is at its end, however it ended. */
  ended: Promise<void>
  leave(): Promise<void>
}

const LIMIT_MS = 30_000

/** Watches the events of a gateway, read by a parser that was not written here. */
export async function watch(t: Test, url: string, options: WatchOptions = {}): Promise<Watch> {
  const { query = '', secret, lastEventId, path = '/api/events' } = options
  const controller = new AbortController()
  t.teardown(() => controller.abort())
  const response = await fetch(`${url}${path}${query}`, {
    headers: { ...(secret === '' ? {} : bearer(secret)), ...(lastEventId && { 'last-event-id': lastEventId }) },
    signal: controller.signal
  })
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
  const events: EventSourceMessage[] = []
  const ended = collect(response, events)

  async function until(wanted: number | (() => boolean)): Promise<void> {
    const holds = typeof wanted === 'number' ? () => events.length >= wanted : wanted
    await waitUntil(holds, () => `seen: ${events.map(({ id, event }) => `${id} ${event}`).join(', ')}`)
  }
  return {
    response,
    events,
    of: (type) => events.filter(({ event }) => event === type).map(({ data }) => JSON.parse(data)),
    ids: () => events.flatMap(({ id }) => (id === undefined ? [] : Number(id))),
    until,
    ended,
    leave() {
      controller.abort()
      return ended
    }
  }
}

/** A connection that has asked for the stream, whose bytes are as they came. */
export async function askForEvents(t: Test, url: string, head: string[] = []): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  const lines = [`GET /api/events HTTP/1.1`, `host: ${hostname}`, `authorization: Bearer ${SECRETS.all}`, ...head]
  socket.write([...lines, '', ''].join('\r\n'))
  return socket
}

async function collect(response: Response, events: EventSourceMessage[]): Promise<void> {
  const stream = (response.body as ReadableStream)
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream({ onError: 'terminate' }))
  try {
    for await (const event of stream as unknown as AsyncIterable<EventSourceMessage>) {
      if (event.event !== 'retry' && event.event !== 'ping') events.push(event)
    }
  } catch (error) {
    if (error instanceof ParseError) throw error // else the connection is gone, and that is an end
  }
}

/** Resolves once the condition holds; what is waited for is told otherwise. */
export async function waitUntil(
  holds: () => boolean | Promise<boolean>,
  describe: () => string = () => holds.toString(),
  limitMs = LIMIT_MS
): Promise<void> {
  const deadline = Date.now() + limitMs
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`It did not happen within ${limitMs} ms; ${describe()}`)
    await sleep(5)
  }
}
