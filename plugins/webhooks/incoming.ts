import type { FastifyReply, FastifyRequest } from 'fastify'
import { GatewayError } from '../../src/errors.ts'
import type { Incoming } from '../../src/webhooks/inbox.ts'

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
