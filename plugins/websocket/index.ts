import { EventEmitter } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import fastifyWebsocket from '@fastify/websocket'
import type { FastifyInstance, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { pathOf } from '../errors/index.ts'
import { claimUpgrades } from './upgrades.ts'

export interface WebsocketOptions {
  /** A larger message closes its socket with 1009, whatever it is. In bytes. */
  maxPayload: number
}

/**
 * Lets the routes of a folder take WebSockets (`wsHandler`). Register it in the folder that has them: its hooks would
 * cost every other route something. In a host application that has @fastify/websocket already, that one serves these routes
 * too, by its own options.
 *
 * @see https://github.com/fastify/fastify-websocket
 */
async function websocket(fastify: FastifyInstance, { maxPayload }: WebsocketOptions): Promise<void> {
  if (fastify.hasDecorator('websocketServer')) return
  const paths = new Set<string>()
  fastify.addHook('onRoute', (route: RouteOptions & { wsHandler?: unknown }) => {
    if (route.wsHandler) paths.add(withoutSlash(route.url))
  })
  // In place of the server: of its upgrades only ours get here, since a host may have others that are not.
  const ours = new EventEmitter() as Server
  await fastify.register(fastifyWebsocket, {
    options: { server: ours, maxPayload },
    errorHandler: (error, socket, request) => {
      request.log.debug({ error: error.message }, 'a WebSocket failed')
      // The protocol's own faults have closed it with the code that says which.
      if (socket.readyState === socket.OPEN) socket.terminate()
    },
    preClose: (done) => done() // whoever accepted a socket closes it
  })
  const taken = new WeakSet<IncomingMessage>()
  // One that a hook of an outer folder refused: the plugin has not seen it, and its connection is nobody's.
  fastify.addHook('onResponse', (request, _reply, done) => {
    if (taken.has(request.raw) && !request.ws) request.raw.socket.destroy()
    done()
  })
  const claims = (request: IncomingMessage) => paths.has(withoutSlash(pathOf(request.url ?? '')))
  const release = claimUpgrades(fastify.server, claims, (...upgrade) => {
    taken.add(upgrade[0])
    ours.emit('upgrade', ...upgrade)
  })
  fastify.addHook('onClose', async () => release())
}

const withoutSlash = (path: string) => path.replace(/(.)\/$/, '$1')

export default fp(websocket, { name: 'comis-websocket' })
