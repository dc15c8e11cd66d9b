import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { pathOf } from './errors/index.ts'

/** Addresses are logged without their query, which may hold a token, in the lines of a host's own logger too. */
async function logging(fastify: FastifyInstance): Promise<void> {
  fastify.addHook('onRoute', (route) => {
    route.logSerializers = { ...route.logSerializers, req: describeRequest }
  })
}

async function lines(fastify: FastifyInstance): Promise<void> {
  const { metrics } = fastify.comis
  fastify.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions, ws } = request
    const ms = reply.isStream || ws ? undefined : reply.elapsedTime
    metrics.countRequest({ method, route: routeOptions.url, status: reply.statusCode, ms })
    logRequest(request, reply, done)
  })
}

/**
 * One line for a request, with its id, client and route: at `debug` when it went well (its turn has a line of its own),
 * at `warn` when it was refused, at `error` when it failed.
 */
export function logRequest(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const level = reply.statusCode >= 500 ? 'error' : reply.statusCode >= 400 ? 'warn' : 'debug'
  if (level !== 'debug' || isVerbose(request.log.level)) {
    const { method, principal } = request
    const status = reply.statusCode
    const ms = Math.round(reply.elapsedTime * 10) / 10
    request.log[level]({ method, path: pathOf(request.url), client: principal?.clientId, status, ms }, 'request')
  }
  done()
}

export const isVerbose = (level: string) => level === 'debug' || level === 'trace'

function describeRequest(request: FastifyRequest): object {
  return { method: request.method, path: pathOf(request.url), remoteAddress: request.raw.socket.remoteAddress }
}

/** Every request of the routes that are registered after it has its line. */
export const requestLines = fp(lines, { name: 'comis-request-lines', dependencies: ['comis-logging'] })

export default fp(logging, { name: 'comis-logging' })
