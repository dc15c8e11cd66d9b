import type { OutgoingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { EventFilter } from '../../src/events/filter.ts'
import { EVENT_STREAM_HEADERS } from '../sse/index.ts'
import { frame } from '../sse/frame.ts'
import { EventOutlet } from './outlet.ts'

export interface StreamEventsOptions {
  filter: EventFilter
  /** The id of the last event that was seen, as the client sent it; what came after it is sent first. */
  lastEventId: string | undefined
}

declare module 'fastify' {
  interface FastifyReply {
    /** Answers 200 with the gateway's events as Server-Sent Events, until the client, its credential or the gateway goes. */
    streamEvents(options: StreamEventsOptions): void
  }
}

const RETRY_MS = 3000
const GREETING = `retry: ${RETRY_MS}\n${frame({ event: 'retry', data: JSON.stringify({ retry: RETRY_MS }) })}`

/** `GET /api/events` over the domain's feed. */
async function events(fastify: FastifyInstance): Promise<void> {
  const { events: feed, tokens } = fastify.comis

  fastify.decorateReply('streamEvents', function (this: FastifyReply, { filter, lastEventId }) {
    const raw = this.becomeStream()
    // The stream ends with its connection: bytes that are the same for all readers need no frame of their own.
    raw.shouldKeepAlive = false
    raw.useChunkedEncodingByDefault = false
    raw.writeHead(200, { ...(this.getHeaders() as OutgoingHttpHeaders), ...EVENT_STREAM_HEADERS })
    raw.write(GREETING)
    const after = lastEventId ? readId(lastEventId) : undefined
    const reader = feed.join({ sink: new EventOutlet(raw), filter, after })
    raw.on('drain', reader.drained)
    const release = tokens.follow(this.request.client, () => raw.destroy())
    raw.once('close', () => {
      release()
      reader.leave()
    })
  })
  // Readers are told to go before the server waits for their connections.
  fastify.addHook('preClose', async () => feed.stop())
}

const readId = (text: string) => (/^\d{1,15}$/.test(text) ? Number(text) : NaN)

export default fp(events, { name: 'comis-events', dependencies: ['comis-auth', 'comis-sse'] })
