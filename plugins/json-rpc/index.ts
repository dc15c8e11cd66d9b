import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { WebSocket } from 'ws'
import { asGatewayError, forLog } from '../../src/errors.ts'
import { isVerbose } from '../logging.ts'
import type { RpcClient } from './call.ts'
import { CLOSES, closeSocket } from '../websocket/close.ts'
import { Connection } from './connection.ts'
import { Connections } from './connections.ts'
import { type Answer, Dispatcher } from './dispatch.ts'
import { rpcForm } from './errors.ts'
import type { RpcMethod } from './method.ts'
import { METHODS } from './methods/index.ts'
import { discover } from './methods/rpc/discover.ts'
import { Registry } from './registry.ts'

/** The gateway's JSON-RPC, for its own routes and for plugins of a host. */
export interface Rpc {
  /** Adds a method. @throws Error if there is one of that name */
  method(method: RpcMethod): void
  /**
   * Sends a notification to all sockets of a client, or to all there are.
   * @throws RangeError for one above `gateway.events.readerBufferBytes`, which no socket would take
   * @returns to how many sockets
   */
  notify(method: string, params: object, clientId?: string): number
  /** Closes all sockets of a client with 4001: its credential is no longer valid. @returns how many there were */
  disconnect(clientId: string): number
  /** Open sockets. */
  readonly connections: number
  /** Answers what came by HTTP. Never throws or rejects. */
  answer(text: string, reply: FastifyReply): Answer
  /** Takes over a WebSocket; one without a principal, or whose credential ends, is closed with 4001. */
  accept(socket: WebSocket, request: FastifyRequest): void
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly rpc: Rpc
  }
}

/** JSON-RPC 2.0: one registry of methods behind `POST /rpc` and `GET /ws`. */
async function jsonRpc(fastify: FastifyInstance): Promise<void> {
  const services = fastify.comis
  const { gateway } = services.config
  const registry = new Registry()
  const connections = new Connections(gateway.wsHeartbeatMs, () => services.config.gateway.events.readerBufferBytes)
  const dispatcher = new Dispatcher({
    registry,
    maxBatchSize: () => services.config.gateway.maxBatchSize,
    onRefused: (refused) => services.refusals.tell(refused),
    onFault: (error, method) => tellFault(fastify, error, method),
    get reports() {
      return isVerbose(fastify.log.level)
    },
    onCall: ({ method, clientId, ms, code }) => fastify.log.debug({ method, client: clientId, ms, code }, 'call')
  })
  services.liveConfig.onChange((next) => ({ apply: () => connections.beatEvery(next.gateway.wsHeartbeatMs) }))
  for (const method of [...METHODS, discover(registry)]) registry.add(method)

  function accept(socket: WebSocket, request: FastifyRequest): void {
    const { principal: by } = request
    if (!by) return closeSocket(socket, CLOSES.unauthorized)
    const { socket: raw } = request.raw
    const address = fastify.addressOf(request)
    const connection = new Connection({ socket, raw, by, address, services, dispatcher })
    const release = services.tokens.follow(by, () => connection.close(CLOSES.unauthorized))
    socket.once('close', () => {
      release()
      connections.remove(connection)
    })
    connections.add(connection)
  }

  services.diagnostics.countSockets(() => connections.size)
  fastify.setErrorForm('/rpc', rpcForm)
  fastify.setErrorForm('/ws', rpcForm)
  fastify.decorate('rpc', {
    method: (method) => registry.add(method),
    notify: (method, params, clientId) => connections.notify(method, params, clientId),
    disconnect: (clientId) => connections.close(clientId, CLOSES.unauthorized),
    get connections() {
      return connections.size
    },
    answer: (text, reply) => dispatcher.answer(text, overHttp(reply)),
    accept
  })
  fastify.addHook('preClose', async () => connections.stop(services.config.gateway.shutdownGraceMs))
}

/** A request as a client: it has no way back but its answer. */
function overHttp(reply: FastifyReply): RpcClient {
  let leaving: AbortSignal | undefined
  return {
    by: reply.request.client,
    get address() {
      return reply.server.addressOf(reply.request)
    },
    services: reply.server.comis,
    get leaving() {
      return (leaving ??= reply.leaving())
    },
    get gone() {
      return reply.raw.destroyed
    },
    socket: undefined,
    full: false,
    follow() {},
    isRunning: () => false
  }
}

/** An error of a turn, which is ours, has been logged and told as one. */
function tellFault(fastify: FastifyInstance, error: unknown, method: string): void {
  const fault = asGatewayError(error)
  fastify.log.error({ method, ...forLog(fault) }, 'a call failed')
  if (fault === error) return
  fastify.comis.events.emit('system:error', { source: 'other', code: fault.code, message: fault.message })
}

export default fp(jsonRpc, {
  name: 'comis-json-rpc',
  dependencies: ['comis-services', 'comis-errors', 'comis-limits', 'comis-turns']
})
