import type { FastifyRequest } from 'fastify'

/** A secret in the address (RFC 6750, section 2.3), on the few routes that allow it: a token, or a ticket for one. */
export function readQuery(request: FastifyRequest, name: 'token' | 'ticket'): string | undefined {
  const value = (request.query as { [name: string]: unknown })[name]
  return typeof value === 'string' ? value : undefined
}
