import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'

export interface EventStreamOptions<T> {
  /** What to tell, in batches. */
  source: AsyncIterable<T[]>
  /** Each item as it goes over the wire: one event, several, or none (the empty text). */
  encode(item: T): string | string[]
  /** Writes a comment after this long without an event, so that proxies keep the connection. Left out: never. */
  keepAliveMs?: number
}

declare module 'fastify' {
  interface FastifyReply {
    /**
     * Answers 200 with a stream of Server-Sent Events, one write an event. A reader that does not keep up makes the
     * source wait; one that takes nothing for `gateway.stallMs` is cut off.
     */
    sendEvents<T>(options: EventStreamOptions<T>): Promise<void>
  }
}

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no'
}

async function sse(fastify: FastifyInstance): Promise<void> {
  const { stallMs } = fastify.comis.config.gateway

  async function sendEvents<T>(
    this: FastifyReply,
    { source, encode, keepAliveMs }: EventStreamOptions<T>
  ): Promise<void> {
    const { raw } = this.hijack()
    raw.writeHead(200, { ...(this.getHeaders() as OutgoingHttpHeaders), ...HEADERS })
    const timer = keepAliveMs === undefined ? undefined : setInterval(() => raw.write(': keep-alive\n\n'), keepAliveMs)
    try {
      for await (const items of source) {
        for (const event of items.flatMap((item) => encode(item))) {
          if (event === '') continue
          if (raw.destroyed) return
          if (!raw.write(event)) await drained(raw, stallMs)
        }
        timer?.refresh()
      }
    } finally {
      clearInterval(timer)
    }
    raw.end()
  }

  fastify.decorateReply('sendEvents', sendEvents)
}

/** Waits until the socket takes more. A reader that takes nothing for too long is cut off. */
function drained(raw: ServerResponse, stallMs: number): Promise<void> {
  if (raw.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(() => raw.destroy(), stallMs)
    const done = () => {
      clearTimeout(timer)
      raw.off('drain', done).off('close', done)
      resolve()
    }
    raw.on('drain', done).on('close', done)
  })
}

export default fp(sse, { name: 'comis-sse' })
