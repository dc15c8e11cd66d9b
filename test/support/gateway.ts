import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { followConnections } from '../../src/connections.ts'
import gateway, { type GatewayOptions, type Services } from '../../src/gateway.ts'

export const SECRETS = {
  all: 'all-scopes-0123456789-0123456789-0123456789',
  rpc: 'rpc-scope-0123456789-0123456789-01234567890',
  api: 'api-scope-0123456789-0123456789-01234567890',
  admin: 'admin-scope-0123456789-0123456789-0123456789',
  mcp: 'mcp-scope-0123456789-0123456789-01234567890'
}

/** One token for each scope; the client ids are the names of `SECRETS`. */
export const TOKENS: NonNullable<NonNullable<GatewayOptions['gateway']>['tokens']> = [
  { id: 'all', secret: SECRETS.all, scopes: ['*'] },
  { id: 'rpc', secret: SECRETS.rpc, scopes: ['rpc'] },
  { id: 'api', secret: SECRETS.api, scopes: ['api'] },
  { id: 'admin', secret: SECRETS.admin, scopes: ['admin', 'rpc'] },
  { id: 'mcp', secret: SECRETS.mcp, scopes: ['mcp-client'] }
]

export const bearer = (secret: string = SECRETS.all) => ({ authorization: `Bearer ${secret}` })

export async function temporaryFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'comis-gateway-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export interface BuildOptions extends GatewayOptions {
  prefix?: string
  logger?: FastifyBaseLogger
}

/** A host application with a gateway in it, in a folder of its own, with the tokens above unless others are given. */
export async function buildGateway(
  t: Test,
  { logger, prefix, ...options }: BuildOptions = {}
): Promise<FastifyInstance> {
  const app = Fastify(logger ? { loggerInstance: logger } : {})
  const endConnections = followConnections(app.server)
  t.teardown(() => {
    endConnections()
    return app.close()
  })
  const complete = await completeOptions(t, options)
  function extend(scope: FastifyInstance): Promise<void> | void {
    opened.set(app, scope.comis)
    return options.extend?.(scope)
  }
  await app.register(gateway, { prefix, ...complete, extend })
  return app
}

const opened = new WeakMap<FastifyInstance, Services>()

/** What the gateway of a host application is made of, as a plugin of the host's sees it. */
export async function servicesOf(app: FastifyInstance): Promise<Services> {
  await app.ready()
  const services = opened.get(app)
  if (!services) throw new Error('there is no gateway in it')
  return services
}

/** The options of a test gateway: no provider from the environment, a temporary data folder. */
export async function completeOptions(t: Test, options: GatewayOptions): Promise<GatewayOptions> {
  return {
    providers: {},
    dataDir: await temporaryFolder(t),
    ...options,
    gateway: { tokens: TOKENS, rateLimit: { maxRequests: 1_000_000 }, shutdownGraceMs: 500, ...options.gateway }
  }
}

/** The same, listening on a free port. */
export async function listenGateway(
  t: Test,
  options: BuildOptions = {}
): Promise<{ app: FastifyInstance; url: string }> {
  const app = await buildGateway(t, options)
  return { app, url: await app.listen({ host: '127.0.0.1', port: 0 }) }
}
