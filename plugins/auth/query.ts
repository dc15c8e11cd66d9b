import type { FastifyRequest } from 'fastify'

/** The secret of `?token=` (RFC 6750, section 2.3), on the few routes that allow it. */
export function readQueryToken(request: FastifyRequest): string | undefined {
  const { token } = request.query as { token?: unknown }
  return typeof token === 'string' ? token : undefined
}
