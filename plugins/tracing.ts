import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { Span } from '../src/telemetry/tracer.ts'
import { pathOf } from './errors/index.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Its trace; undefined where none is kept. */
    span: Span | undefined
  }
}

/**
 * A span for every HTTP request, by OpenTelemetry's conventions, when traces are sent somewhere; else no hook at all.
 *
 * `@fastify/otel` does not fit: it takes its parent from the global context, which is a host's, writes addresses with
 * their queries, and so tokens, into the span, ends it before a stream has begun, and wraps every hook in one of its own.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
async function tracing(fastify: FastifyInstance): Promise<void> {
  const { tracer } = fastify.comis
  if (!tracer) return

  fastify.decorateRequest('span', undefined)
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { method, protocol, routeOptions, headers } = request
    const { traceparent } = headers
    const route = routeOptions.url
    request.span = tracer.start(route ? `${method} ${route}` : method, {
      kind: 'server',
      attributes: {
        'http.request.method': method,
        'http.route': route,
        'url.path': pathOf(request.url),
        'url.scheme': protocol
      },
      ...(typeof traceparent === 'string' && { traceparent })
    })
    done()
  })
  // Here and not before: what comes after the body was read is called by its stream, and not by what waited for it.
  fastify.addHook('preValidation', (request, _reply, done) => {
    if (request.span) request.span.run(done)
    else done()
  })
  fastify.addHook('onResponse', (request, { statusCode }, done) => {
    const { span, principal } = request
    span?.set({ 'http.response.status_code': statusCode, 'comis.client.id': principal?.clientId })
    if (statusCode >= 500) span?.fail(`${statusCode}`)
    span?.end()
    done()
  })
}

export default fp(tracing, { name: 'comis-tracing', dependencies: ['comis-services'] })
