import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { allows, type Principal } from '../../src/access/principal.ts'
import type { Refused } from '../../src/access/refusals.ts'
import type { Scope } from '../../src/config/schema.ts'
import { credentialReader } from './credential.ts'
import { failureResponses } from '../errors/schema.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Guards every route of this folder: a request needs a credential that holds one of the scopes. */
    requireScope(...scopes: Scope[]): void
  }
  interface FastifyRequest {
    /** Who asks; undefined for a request without a valid credential, which only public routes see. */
    principal: Principal | undefined
    /** It brought a credential, good or not. */
    hasCredential: boolean
    /**
     * Why the request was refused at the door, for the journal; undefined while it was not. One without any credential is
     * no attempt at anything, and has none.
     */
    refusal: Refused['reason'] | undefined
    /** Who asks, on a guarded route. */
    readonly client: Principal
  }
  interface FastifyContextConfig {
    /** The route is open to everyone although its folder is guarded. */
    public?: boolean
    /** Whether a request may pass whoever sent it, as one to a signed address may. */
    admits?: (request: FastifyRequest) => boolean
    /** Whose a secret is that opens this route alone; undefined: it is none, and may be a token. */
    verifyOwn?: (secret: string) => Principal | undefined
    /** The scopes that the route needs one of, in place of its folder's. */
    scopes?: Scope[]
    /** The route takes a token from `?token=` too, and a ticket from `?ticket=`: for clients that cannot set a header. */
    queryToken?: boolean
    /** A WebSocket without a valid credential is accepted all the same: whoever takes it tells it by a close. */
    refusesOpened?: boolean
  }
}

async function auth(fastify: FastifyInstance): Promise<void> {
  const readCredential = credentialReader(fastify.comis)

  fastify.decorateRequest('principal', undefined)
  fastify.decorateRequest('hasCredential', false)
  fastify.decorateRequest('refusal', undefined)
  fastify.decorateRequest('client', {
    getter(this: FastifyRequest) {
      if (!this.principal) throw new TypeError('a route without a guard asked who its client is')
      return this.principal
    }
  })

  fastify.addHook('onRequest', (request, _reply, done) => {
    const credential = readCredential(request)
    if (!credential) return done()
    const foreign = credential.isAmbient ? fastify.whyForeign(request, true) : undefined
    if (foreign) {
      request.refusal = 'origin_refused'
      return done(foreign)
    }
    request.hasCredential = true
    request.principal = credential.principal
    done()
  })

  fastify.decorate('requireScope', function (this: FastifyInstance, ...scopes: Scope[]) {
    this.addHook('onRoute', (route) => documentGuard(route, scopes))
    this.addHook('onRequest', (request, reply, done) => {
      const { public: isPublic, admits } = request.routeOptions.config
      if (isPublic || admits?.(request)) return done()
      if (!request.principal) {
        if (!request.routeOptions.config.refusesOpened || !request.ws)
          return done(unauthorized(fastify, request, reply))
        if (request.hasCredential) request.refusal = 'invalid_token'
        reply.code(401) // for the log: over the wire it becomes a 101
        return done()
      }
      const { scopes: needed = scopes } = request.routeOptions.config
      if (!allows(request.principal, ...needed)) return done(forbidden(fastify, request, reply))
      done()
    })
  })
}

/** RFC 6750, section 3: a request without a credential is not told that one was wrong. */
function unauthorized(fastify: FastifyInstance, request: FastifyRequest, reply: FastifyReply): Error {
  const tried = request.hasCredential
  if (tried) request.refusal = 'invalid_token'
  void reply.header('www-authenticate', `Bearer realm="comis-gateway"${tried ? ', error="invalid_token"' : ''}`)
  return fastify.httpErrors.unauthorized('Unauthorized')
}

function forbidden(fastify: FastifyInstance, request: FastifyRequest, reply: FastifyReply): Error {
  request.refusal = 'insufficient_scope'
  void reply.header('www-authenticate', 'Bearer realm="comis-gateway", error="insufficient_scope"')
  return fastify.httpErrors.forbidden('Forbidden: insufficient scope')
}

function documentGuard(route: RouteOptions, scopes: Scope[]): void {
  if (!route.schema || route.schema.hide || route.config?.public) return
  const security: Record<string, string[]>[] = [{ bearer: [] }]
  if (route.config?.queryToken) security.push({ queryToken: [] }, { queryTicket: [] })
  const needed = route.config?.scopes ?? scopes
  const needs = `Needs a token with the scope ${needed.map((scope) => `\`${scope}\``).join(' or ')}.`
  const description = [route.schema.description, needs].filter(Boolean).join('\n\n')
  const response = { ...failureResponses(route.url, 401, 403), ...(route.schema.response as object) }
  route.schema = { ...route.schema, description, security, response }
}

export default fp(auth, { name: 'comis-auth', dependencies: ['comis-errors', 'comis-guard'] })
