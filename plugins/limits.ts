import proxyAddr from '@fastify/proxy-addr'
import { normalizeIP } from '@fastify/rate-limit'
import LocalStore from '@fastify/rate-limit/store/LocalStore.js'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { ConfigError } from '../src/config/error.ts'

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

/** A site has at least so much to itself (RFC 6177): one of its addresses is as good as another. */
const IPV6_PREFIX = 64
/** Clients and addresses that are counted: of more, those go first that were not seen for longest. */
const MOST_CLIENTS = 100_000
const MOST_ADDRESSES = 10_000

/**
 * The HTTP rate limit: per client, or per address where there is no valid token, so that guessing tokens is limited as
 * well. Both are counted apart: whoever guesses shuts out nobody that has a token, and a flood of addresses drives no
 * client out of the count. Two hooks of authentication surround it: who it is must be known before, and what they may
 * do is asked after.
 *
 * The counter is the plugin's own; its hook awaits several promises for each request, which costs more than all the
 * rest of a short answer, and decorates the host's instance.
 *
 * @see https://github.com/fastify/fastify-rate-limit
 */
async function limits(fastify: FastifyInstance): Promise<void> {
  const { config, liveConfig } = fastify.comis
  let readAddress = addressReader(config.gateway.trustedProxies)
  fastify.decorate('addressOf', (request: FastifyRequest) => readAddress(request))
  liveConfig.onChange(({ gateway }) => {
    const reader = addressReader(gateway.trustedProxies)
    return { apply: () => void (readAddress = reader) }
  })

  const clients = new LocalStore(false, false, MOST_CLIENTS)
  const addresses = new LocalStore(false, false, MOST_ADDRESSES)

  /** @returns whether the request was refused, and is answered */
  function exceeds(request: FastifyRequest, reply: FastifyReply): boolean {
    const { principal } = request
    const { windowMs, maxRequests } = principal?.limits?.rateLimit ?? liveConfig.current.gateway.rateLimit
    const [store, key] = principal
      ? [clients, principal.clientId]
      : [addresses, normalizeIP(readAddress(request), IPV6_PREFIX)]
    let isExceeded = false
    store.incr(
      key,
      (_error, { current, ttl }) => {
        const seconds = Math.ceil(ttl / 1000)
        reply.header('ratelimit-limit', maxRequests)
        reply.header('ratelimit-remaining', Math.max(0, maxRequests - current))
        reply.header('ratelimit-reset', seconds)
        isExceeded = current > maxRequests
        if (isExceeded) refuse(reply, seconds)
      },
      windowMs,
      maxRequests
    )
    return isExceeded
  }

  fastify.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.limited === false || !exceeds(request, reply)) done()
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
