import proxyAddr from '@fastify/proxy-addr'
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { ConfigError } from '../src/config/error.ts'
import type { Config } from '../src/config/schema.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The address a request comes from; `X-Forwarded-For` counts only where a trusted proxy wrote it. */
    addressOf(request: FastifyRequest): string
  }
  interface FastifyContextConfig {
    /** False: the route is not counted and never refused. */
    limited?: boolean
  }
}

/**
 * The HTTP rate limit: per client, or per address where there is no valid token, so that guessing tokens is limited as
 * well. Two hooks of authentication surround it: who it is must be known before, and what they may do is asked after.
 *
 * @see https://github.com/fastify/fastify-rate-limit
 */
async function limits(fastify: FastifyInstance): Promise<void> {
  const { config, liveConfig } = fastify.comis
  let readAddress = addressReader(config.gateway.trustedProxies)
  const addressOf = (request: FastifyRequest) => readAddress(request)
  fastify.decorate('addressOf', addressOf)

  await fastify.register(rateLimit, { global: false })
  const createCounter = ({ maxRequests: max, windowMs: timeWindow }: Config['gateway']['rateLimit']) =>
    fastify.createRateLimit({
      max,
      timeWindow,
      keyGenerator: (request) =>
        request.principal ? `client:${request.principal.clientId}` : `ip:${addressOf(request)}`
    })
  let count = createCounter(config.gateway.rateLimit)
  let limit = config.gateway.rateLimit
  liveConfig.onChange(({ gateway }) => {
    const reader = addressReader(gateway.trustedProxies)
    const isSame = JSON.stringify(gateway.rateLimit) === JSON.stringify(limit)
    const counter = isSame ? count : createCounter(gateway.rateLimit)
    return {
      apply() {
        readAddress = reader
        count = counter
        limit = gateway.rateLimit
      }
    }
  })

  /** @returns whether the request was refused, and is answered */
  async function exceeds(request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
    const state = await count(request)
    if (state.isAllowed) return false
    const { max, remaining, ttlInSeconds, isExceeded } = state
    reply.header('ratelimit-limit', max)
    reply.header('ratelimit-remaining', remaining)
    reply.header('ratelimit-reset', ttlInSeconds)
    if (isExceeded) refuse(reply, ttlInSeconds)
    return isExceeded
  }

  fastify.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.limited === false) return done()
    exceeds(request, reply).then((refused) => (refused ? undefined : done()), done)
  })
}

function refuse(reply: FastifyReply, retryAfterSeconds: number): FastifyReply {
  const code = 'rate_limited'
  reply.request.refusal = code
  return reply.fail({
    status: 429,
    message: 'Rate limit exceeded',
    code,
    param: undefined,
    reason: undefined,
    retryAfterSeconds
  })
}

function addressReader(trustedProxies: string[]): (request: FastifyRequest) => string {
  if (trustedProxies.length === 0) return (request) => request.raw.socket.remoteAddress ?? ''
  try {
    const trusted = proxyAddr.compile(trustedProxies)
    return (request) => proxyAddr(request.raw, trusted)
  } catch {
    throw new ConfigError([{ path: 'gateway.trustedProxies', message: 'expected IP addresses or CIDR ranges' }])
  }
}

export default fp(limits, { name: 'comis-limits', dependencies: ['comis-auth', 'comis-errors'] })
