import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

const EXPOSED = [
  'x-turn-id',
  'x-request-id',
  'retry-after',
  'ratelimit-limit',
  'ratelimit-remaining',
  'ratelimit-reset'
]

/**
 * Lets pages of other origins call the gateway, where `gateway.corsOrigins` names them. Tokens travel in a header and
 * never in a cookie, so no credentials mode is offered. In a host application that has its own CORS, that one counts.
 *
 * @see https://github.com/fastify/fastify-cors
 */
async function crossOrigin(fastify: FastifyInstance): Promise<void> {
  const { corsOrigins } = fastify.comis.config.gateway
  if (corsOrigins.length === 0) return
  if (fastify.hasRequestDecorator('corsPreflightEnabled')) {
    fastify.log.warn('gateway.corsOrigins is left to the CORS plugin of the host application')
    return
  }
  const origin = corsOrigins.includes('*') ? '*' : corsOrigins
  await fastify.register(cors, {
    origin,
    exposedHeaders: EXPOSED,
    methods: ['GET', 'POST', 'PATCH', 'DELETE'],
    maxAge: 600
  })
}

export default fp(crossOrigin, { name: 'comis-cors' })
