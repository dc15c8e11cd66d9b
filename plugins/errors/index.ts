import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { asGatewayError, forLog, GatewayError } from '../../src/errors.ts'
import { diskFault } from '../../src/storage/fault.ts'
import { type Failure, toFailure } from './failure.ts'

/** The body in which a surface tells a failure. */
export type ErrorForm = (failure: Failure) => unknown

/** Dashboards of the Comis gateway read the form of a rate limit of every surface but `/v1`. */
export const restForm: ErrorForm = ({ message, code }) => {
  if (code === 'rate_limited') return { jsonrpc: '2.0', error: { code: -32_000, message }, id: null }
  return code === 'budget_exceeded' ? { error: message, code } : { error: message }
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Gives everything below a path (without the gateway's prefix) its own form of errors. */
    setErrorForm(path: string, form: ErrorForm): void
    /** Answers a path that no route has, in the form of its surface. */
    answerNotFound(request: FastifyRequest, reply: FastifyReply): void
  }
  interface FastifyContextConfig {
    /** The configuration key of the route’s limit of bodies. Default: `gateway.httpBodyLimitBytes`. */
    bodyLimitKey?: string
  }
  interface FastifyReply {
    /** Answers a failure in the form of the surface the request came by. */
    fail(failure: Failure): FastifyReply
  }
}

async function errors(fastify: FastifyInstance): Promise<void> {
  const forms: { path: string; form: ErrorForm }[] = []
  const { prefix } = fastify

  function formOf(url: string): ErrorForm {
    const path = url.slice(prefix.length)
    return forms.find((surface) => path === surface.path || path.startsWith(`${surface.path}/`))?.form ?? restForm
  }

  fastify.decorate('setErrorForm', (path: string, form: ErrorForm) => void forms.push({ path, form }))
  fastify.decorateReply('fail', function (failure) {
    const { status, retryAfterSeconds } = failure
    if (retryAfterSeconds !== undefined) this.header('retry-after', retryAfterSeconds)
    this.header('x-request-id', this.request.id) // as the log calls it: whoever asks why has something to say
    if (isFinal(failure)) this.header('x-should-retry', 'false')
    const body = formOf(pathOf(this.request.url))(failure)
    // The type is set by hand and the body written here: what an error looks like is no matter of a route's schema.
    return this.code(status).type('application/json; charset=utf-8').serializer(JSON.stringify).send(body)
  })
  fastify.decorate('answerNotFound', (_request: FastifyRequest, reply: FastifyReply) => {
    void reply.fail(toFailure(new GatewayError('not_found', 'Not Found'), 0))
  })
  fastify.setErrorHandler((error: FastifyError, request, reply) => {
    const { routeOptions } = request
    // Fastify has a refused body close the connection, before its client has seen why.
    reply.removeHeader('connection')
    const failure = toFailure(error, routeOptions.bodyLimit ?? 0, routeOptions.config.bodyLimitKey)
    // What is ours has been logged where it happened; the rest nobody has seen yet.
    if (diskFault(error)) request.log.error(forLog(asGatewayError(error)), failure.message)
    if (failure.code === 'internal') {
      request.log.error(forLog(asGatewayError(error)), failure.message)
      const { code, message } = failure
      // An error of a turn has been told as one.
      const told = error instanceof GatewayError
      if (!told) fastify.comis.events.emit('system:error', { source: 'http', code, message, requestId: request.id })
    }
    void reply.fail(failure)
  })
}

/** Clients made for OpenAI would start the turn again that someone has just stopped, or that nothing is left for. */
const isFinal = ({ code, retryAfterSeconds = 0 }: Failure) =>
  code === 'aborted' || (code === 'budget_exceeded' && retryAfterSeconds > LONGEST_WAIT_SECONDS)
/** What such clients wait at most. */
const LONGEST_WAIT_SECONDS = 60

/** The path of a request, without its query: queries may hold credentials. */
export const pathOf = (url: string): string => url.split('?', 1)[0] ?? ''

export default fp(errors, { name: 'comis-errors' })
