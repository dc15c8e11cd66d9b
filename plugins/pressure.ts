import underPressure from '@fastify/under-pressure'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { GatewayError } from '../src/errors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route is served also while all else is refused, although it is limited. */
    underPressure?: boolean
  }
}

const RETRY_SECONDS = 10

/**
 * Refuses what comes while the process has more to do than it can, or is short of memory. A host that has registered the
 * plugin itself has decided for all of its routes.
 *
 * @see https://github.com/fastify/under-pressure
 */
async function pressure(fastify: FastifyInstance): Promise<void> {
  const { config, pressure: told } = fastify.comis
  const { sampleMs, maxEventLoopDelayMs, maxHeapUsedBytes, maxRssBytes } = config.gateway.pressure
  if (fastify.hasDecorator('isUnderPressure')) return

  await fastify.register(underPressure, {
    sampleInterval: sampleMs,
    maxEventLoopDelay: maxEventLoopDelayMs,
    maxHeapUsedBytes,
    maxRssBytes,
    pressureHandler: refuse
  })
  told.isHigh = () => fastify.isUnderPressure()
}

/** What is exempt from the rate limit tells how the process is, which is asked most when it is not well. */
async function refuse(request: FastifyRequest): Promise<void> {
  const { limited, underPressure } = request.routeOptions.config
  if (limited === false || underPressure) return
  throw new GatewayError('busy', 'The gateway is too busy', { retryAfterSeconds: RETRY_SECONDS })
}

export default fp(pressure, { name: 'comis-pressure', dependencies: ['comis-services', 'comis-errors'] })
