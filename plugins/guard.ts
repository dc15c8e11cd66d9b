import { TLSSocket } from 'node:tls'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { HostNames, isLoopback, Origins } from '../src/access/origins.ts'
import type { Config } from '../src/config/schema.ts'
import { GatewayError } from '../src/errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Why a request may not come from the page that it comes from; undefined: it may, or no page sent it.
     * @param isAmbient it is authenticated by what a browser sends for whichever page asks. Default false
     */
    whyForeign(request: FastifyRequest, isAmbient?: boolean): GatewayError | undefined
  }
}

export interface GuardOptions {
  /** The server is the gateway's own, and not that of a host application. */
  isOwnServer: boolean
}

const GUARDED = ['/api', '/rpc', '/ws', '/v1', '/media', '/mcp', '/metrics']
const STREAMS = new Set(['/ws', '/api/events', '/api/chat/stream', '/v1/responses'])
const MOST_HEADERS = 100
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

const isGuardedPath = (path: string) => GUARDED.some((folder) => path === folder || path.startsWith(`${folder}/`))

/**
 * Keeps out what a web page has a browser ask for. A page of another origin must not reach a gateway that listens on the
 * machine of whoever looks at the page, under the gateway's address or under a name of its own that leads there (DNS
 * rebinding). Programs send no `Origin` and the address that they were given, and notice nothing. It also refuses what no
 * client of a gateway sends: more headers than a hundred, and compressed bodies, whose size shows only when they are read.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-421-misdirected-request
 * @see https://www.w3.org/TR/fetch-metadata/
 */
async function guard(fastify: FastifyInstance, { isOwnServer }: GuardOptions): Promise<void> {
  const { config, liveConfig } = fastify.comis
  const { prefix } = fastify
  const { host, corsOrigins } = config.gateway
  const origins = new Origins(corsOrigins)
  let names = hostNames(config.gateway)
  liveConfig.onChange(({ gateway }) => ({ apply: () => void (names = hostNames(gateway)) }))

  /** In a host application only where its options ask for it. */
  function hostNames({ allowedHosts }: Config['gateway']): HostNames | undefined {
    const isGuarded = allowedHosts.length > 0 || (isOwnServer && isLoopback(host))
    return isGuarded ? new HostNames([host, ...allowedHosts]) : undefined
  }

  /** By its route: an address can be written in many ways. */
  const pathIn = ({ routeOptions: { url = '' } }: FastifyRequest) => url.slice(prefix.length).replace(/(.)\/$/, '$1')

  function whyForeign(request: FastifyRequest, isAmbient = false): GatewayError | undefined {
    const { headers, method } = request
    const { host, origin } = headers
    if (origin !== undefined) {
      const encrypted = request.raw.socket instanceof TLSSocket
      return origins.allows({ host, origin, encrypted, isAmbient }) ? undefined : foreign('origin')
    }
    const site = headers['sec-fetch-site']
    if (site !== 'cross-site' && site !== 'same-site') return undefined
    return SAFE.has(method) && !STREAMS.has(pathIn(request)) ? undefined : foreign('site')
  }

  function whyRefused(request: FastifyRequest): GatewayError | undefined {
    const { headers } = request
    const encoding = headers['content-encoding']
    if (encoding !== undefined && encoding !== 'identity') return compressed()
    if (request.raw.rawHeaders.length > MOST_HEADERS * 2) return tooManyHeaders()
    if (hasOtherHost(request)) return ambiguous()
    if (names && !names.has(headers.host ?? '')) return isGuardedPath(pathIn(request)) ? misdirected() : undefined
    if (!names && !isOwnServer) return undefined
    if (headers.origin === undefined && headers['sec-fetch-site'] === undefined) return undefined
    return isGuardedPath(pathIn(request)) ? whyForeign(request) : undefined
  }

  fastify.decorate('whyForeign', whyForeign)
  fastify.addHook('onRequest', (request, reply, done) => {
    const error = whyRefused(request)
    if (error) refuse(request, reply, error)
    done(error)
  })
}

/**
 * A request that says twice for whom it is may be for another one to a proxy than it is to us: with two `Host` fields, or a
 * target that is a whole address (`GET http://a.example/`) of another host than the field.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-3.2
 */
function hasOtherHost({ raw: { rawHeaders, url = '' }, headers: { host = '' } }: FastifyRequest): boolean {
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  if (hosts > 1) return true
  if (url.startsWith('/') || url === '*') return false
  const authority = /^https?:\/\/([^/?#]*)/i.exec(url)?.[1]
  return authority === undefined || authority.toLowerCase() !== host.toLowerCase()
}

function refuse(request: FastifyRequest, reply: FastifyReply, { code }: GatewayError): void {
  if (code === 'host_refused' || code === 'origin_refused') request.refusal = code
  // RFC 9110, section 12.5.3.
  if (code === 'unsupported_encoding') void reply.header('accept-encoding', 'identity')
}

const misdirected = () =>
  new GatewayError('host_refused', 'Misdirected Request: the gateway is not asked by this name (gateway.allowedHosts)')

const foreign = (what: 'origin' | 'site') =>
  new GatewayError('origin_refused', `Forbidden: pages of this ${what} may not call (gateway.corsOrigins)`)

const ambiguous = () => new GatewayError('invalid_request', 'The request names more than one host, or none')

const compressed = () =>
  new GatewayError('unsupported_encoding', 'Unsupported encoding: send the body without Content-Encoding')

const tooManyHeaders = () => new GatewayError('too_many_headers', `Request has more than ${MOST_HEADERS} headers`)

export default fp(guard, { name: 'comis-guard', dependencies: ['comis-errors', 'comis-services'] })
