import { join } from 'node:path'
import { Server as TlsServer } from 'node:tls'
import autoload from '@fastify/autoload'
import type { FastifyInstance } from 'fastify'
import auth from '../plugins/auth/index.ts'
import cors from '../plugins/cors.ts'
import dashboard from '../plugins/dashboard/index.ts'
import docs from '../plugins/docs/index.ts'
import errors from '../plugins/errors/index.ts'
import events from '../plugins/events/index.ts'
import firstToken from '../plugins/first-token.ts'
import guard from '../plugins/guard.ts'
import limits from '../plugins/limits.ts'
import pressure from '../plugins/pressure.ts'
import jsonRpc from '../plugins/json-rpc/index.ts'
import logging, { requestLines } from '../plugins/logging.ts'
import media from '../plugins/media/index.ts'
import methodNotAllowed from '../plugins/method-not-allowed.ts'
import openapi from '../plugins/docs/openapi.ts'
import openai from '../plugins/openai/index.ts'
import securityHeaders from '../plugins/security-headers.ts'
import sensible from '../plugins/sensible.ts'
import services from '../plugins/services.ts'
import slowClients from '../plugins/slow-clients.ts'
import sse from '../plugins/sse/index.ts'
import tracing from '../plugins/tracing.ts'
import turns from '../plugins/turns.ts'
import unreadBodies from '../plugins/unread-bodies.ts'
import validation from '../plugins/validation.ts'
import warnings from '../plugins/warnings.ts'
import webhooks from '../plugins/webhooks/index.ts'
import health from '../routes/health/index.ts'
import hooks from '../routes/hooks/index.ts'
import type { Tool } from './agents/tool.ts'
import { parseConfig } from './config/parse.ts'
import type { ConfigInput } from './config/schema.ts'

export { defineTool, type Tool, type ToolDefinition } from './agents/tool.ts'
export { defineMethod, type RpcCall, type RpcMethod } from '../plugins/json-rpc/method.ts'
export { RpcError } from '../plugins/json-rpc/errors.ts'
export { ConfigError } from './config/error.ts'
export type { Config, ConfigInput } from './config/schema.ts'
export type { Channel, ChannelAdapter, ChannelMessage } from './channels/channels.ts'
export type { EventPayload, EventType } from './events/map.ts'
export type { Services } from './services.ts'

/** What a host application passes: the configuration as the file holds it, and what no file can hold. */
export interface GatewayOptions extends ConfigInput {
  /** Tools that agents may name in `tools`, beside the ones that come with the gateway. */
  tools?: readonly Tool[]
  /**
   * Without a prefix, whether paths that no route has are answered by the gateway. Default false: they are the host's.
   * With a prefix the gateway answers everything below it.
   */
  answerUnknownRoutes?: boolean
  /**
   * The server serves nothing but this gateway. Then a gateway on loopback refuses requests by other names than its own,
   * and pages of other origins (docs/security.md), and over TLS browsers are told to come by it alone. Default false: a
   * host application decides for itself, and `gateway.allowedHosts` asks for the same checks.
   */
  isOwnServer?: boolean
  /** The files that the configuration was read from, for `gateway.status` to tell admins. Default: none. */
  configPaths?: readonly string[]
  /** What stands above all that is changed at run time, as the flags of a command line do. Default: nothing. */
  overrides?: ConfigInput
  /** Starts without what was changed at run time before; it stays in the history. Default false. */
  discardPatches?: boolean
  /**
   * A plugin of the host's that is registered within the gateway, below its prefix, before its routes: there
   * `fastify.comis` is what the gateway is made of (events to emit, channels to register, the memory), and
   * `fastify.requireScope` guards routes of its own, and `fastify.rpc` takes methods of its own.
   */
  extend?: (fastify: FastifyInstance) => Promise<void> | void
}

/** Fastify hands its own options of `register` to the plugin too. */
const OWN_OF_FASTIFY = new Set(['prefix', 'logLevel', 'logSerializers'])

/**
 * The gateway as a Fastify plugin: `await app.register(gateway, { prefix: '/ai', agents: { … } })`. It is encapsulated:
 * the host's routes, error handler, 404 handler and content-type parsers stay as they are, and its logger is used.
 *
 * @throws ConfigError when the configuration cannot be used
 */
export default async function gateway(fastify: FastifyInstance, options: GatewayOptions): Promise<void> {
  const {
    tools = [],
    answerUnknownRoutes = false,
    isOwnServer = false,
    configPaths = [],
    extend,
    overrides,
    discardPatches,
    ...rest
  } = options
  const input = Object.fromEntries(Object.entries(rest).filter(([key]) => !OWN_OF_FASTIFY.has(key)))
  const config = parseConfig(input)
  if (!config.gateway.enabled) return

  await fastify.register(sensible)
  await fastify.register(services, { config, overrides, discardPatches, configPaths, tools })
  await fastify.register(validation)
  await fastify.register(errors)
  await fastify.register(logging)
  await fastify.register(methodNotAllowed)
  await fastify.register(openapi)
  await fastify.register(cors)
  // Beside all else, so that no hook of the others reaches it: it has no client and no limit, and is polled the most.
  await fastify.register(health, { prefix: '/health' })
  await fastify.register((scope) => serveClients(scope, { answerUnknownRoutes, isOwnServer, extend }))
}

type ServeOptions = Required<Pick<GatewayOptions, 'answerUnknownRoutes' | 'isOwnServer'>> &
  Pick<GatewayOptions, 'extend'>

async function serveClients(
  fastify: FastifyInstance,
  { answerUnknownRoutes, isOwnServer, extend }: ServeOptions
): Promise<void> {
  await fastify.register(requestLines)
  await fastify.register(tracing)
  await fastify.register(securityHeaders, { hsts: isOwnServer && fastify.server instanceof TlsServer })
  await fastify.register(slowClients)
  await fastify.register(unreadBodies, { isOwnServer })
  await fastify.register(guard, { isOwnServer })
  await fastify.register(pressure)
  await fastify.register(auth)
  await fastify.register(limits)
  await fastify.register(warnings)
  await fastify.register(docs)
  await fastify.register(sse)
  await fastify.register(events)
  await fastify.register(turns)
  await fastify.register(openai)
  await fastify.register(jsonRpc)
  await fastify.register(media)
  await fastify.register(webhooks)
  await fastify.register(dashboard)
  await fastify.register(firstToken)
  if (extend) await fastify.register(async (scope) => extend(scope))

  const { gateway, webhooks: hooksConfig } = fastify.comis.config
  // Their address is configured, and no folder’s.
  if (hooksConfig.enabled) await fastify.register(hooks, { prefix: hooksConfig.path.replace(/\/$/, '') })
  await fastify.register(autoload, {
    dir: join(import.meta.dirname, '../routes'),
    routeParams: true,
    autoHooks: true,
    cascadeHooks: true,
    forceESM: true,
    ignoreFilter: (path) =>
      path.startsWith('/health/') || path.startsWith('/hooks/') || (!gateway.web.enabled && isOfDashboard(path))
  })
  fastify.refuseOtherMethods()
  if (fastify.prefix || answerUnknownRoutes) fastify.setNotFoundHandler(fastify.answerNotFound)
}

/** Tickets open what stays without it. */
const isOfDashboard = (path: string) =>
  path.startsWith('/api/') && !path.startsWith('/api/tickets/') && path !== '/api/autohooks.ts'
