import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

export interface SecurityHeadersOptions {
  /** The server is the gateway's own, and speaks TLS: browsers are told to come by it alone for a year (RFC 6797). */
  hsts: boolean
}

/** No answer is a page, but for those of the dashboard and the documentation, which say so themselves. */
const HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY'
}
const HSTS = { 'strict-transport-security': 'max-age=31536000' }

/**
 * The headers that OWASP asks of an API, on every answer of the gateway; a host's routes are left alone. They are those of
 * @fastify/helmet, which puts them together anew for each request: that costs more than the rest of a short answer.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers
 */
async function securityHeaders(fastify: FastifyInstance, { hsts }: SecurityHeadersOptions): Promise<void> {
  const headers = Object.entries(hsts ? { ...HEADERS, ...HSTS } : HEADERS)
  fastify.addHook('onRequest', (_request, reply, done) => {
    for (const [name, value] of headers) reply.header(name, value)
    done()
  })
}

export default fp(securityHeaders, { name: 'comis-security-headers' })
