import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { eventWriter } from './writer.ts'

export interface EventStreamOptions<T> {
  /** What to tell: it hands over its items, waits where it is given a promise, and resolves at its end. */
  source: { read(take: (item: T) => Promise<void> | undefined): Promise<void> }
  /** Each item as it goes over the wire: one event, several, or none (the empty text). */
  encode(item: T): string | string[]
  /** Writes a comment after this long without an event, so that proxies keep the connection. Left out: never. */
  keepAliveMs?: number
}

declare module 'fastify' {
  interface FastifyReply {
    /**
     * Answers 200 with a stream of Server-Sent Events, each a chunk of its own. A reader that does not keep up makes the
     * source wait; one that takes nothing for `gateway.stallMs` is cut off.
     */
    sendEvents<T>(options: EventStreamOptions<T>): Promise<void>
    /** The answer is a stream, which is as long as its reader likes: it is counted as open until its connection is done. */
    becomeStream(): ServerResponse
    /** Whether it is one. */
    isStream: boolean
  }
}

/** No proxy is to keep or to change what is on its way. */
export const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no'
}

const KEEP_ALIVE = ': keep-alive\n\n'

async function sse(fastify: FastifyInstance): Promise<void> {
  async function sendEvents<T>(
    this: FastifyReply,
    { source, encode, keepAliveMs }: EventStreamOptions<T>
  ): Promise<void> {
    const { stallMs } = fastify.comis.config.gateway
    const raw = this.becomeStream()
    raw.writeHead(200, { ...(this.getHeaders() as OutgoingHttpHeaders), ...EVENT_STREAM_HEADERS })
    const writer = eventWriter(raw)
    const timer = keepAliveMs === undefined ? undefined : setInterval(() => writer.write(KEEP_ALIVE), keepAliveMs)
    function take(item: T): Promise<void> | undefined {
      if (raw.destroyed) return undefined
      timer?.refresh()
      const encoded = encode(item)
      if (typeof encoded !== 'string') for (const event of encoded) writer.write(event)
      else if (encoded !== '') writer.write(encoded)
      return raw.writableNeedDrain ? drained(raw, stallMs) : undefined
    }

    try {
      await source.read(take)
    } catch (error) {
      raw.destroy() // the head is gone: an end that is cut off is all that can be told
      throw error
    } finally {
      clearInterval(timer)
    }
    writer.end()
  }

  fastify.decorateReply('isStream', false)
  fastify.decorateReply('becomeStream', function (this: FastifyReply) {
    this.isStream = true
    const { raw } = this.hijack()
    raw.once('close', fastify.comis.metrics.openStream())
    return raw
  })
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
