import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { GatewayError } from '../../src/errors.ts'
import { GENERIC } from '../../src/webhooks/check.ts'
import { InvalidEvent } from '../../src/webhooks/event.ts'
import type { Incoming } from '../../src/webhooks/inbox.ts'
import type { Received, ValidationFailure } from './schema.ts'

/** A delivery as it came in. @param path what its mapping is found by */
export const toIncoming = ({ body, headers, raw, query }: FastifyRequest, path: string): Incoming => ({
  path,
  body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
  headers,
  rawHeaders: raw.rawHeaders,
  query: query as Record<string, unknown>
})

/** Waits for a delivery to be kept; one that is refused is told what it lacks (RFC 9110, section 15.5.2). */
export async function orAsk<T>(reply: FastifyReply, kept: Promise<T>): Promise<T> {
  try {
    return await kept
  } catch (error) {
    const refused = error instanceof GatewayError && error.code === 'unauthorized'
    if (refused) reply.header('www-authenticate', 'Webhook-Signature realm="comis-gateway"')
    throw error
  }
}

/** Answers an event of `POST /hooks/webhook`. */
export async function takeEvent(
  { comis: { webhooks } }: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply
): Promise<Static<typeof Received> | Static<typeof ValidationFailure>> {
  try {
    await orAsk(reply, webhooks.acceptEvent(toIncoming(request, GENERIC)))
    return { received: true }
  } catch (error) {
    if (!(error instanceof InvalidEvent)) throw error
    void reply.code(422)
    return { error: 'Validation failed', issues: error.issues.map(({ path, message }) => ({ path, message })) }
  }
}
