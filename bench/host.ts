import { setImmediate } from 'node:timers/promises'
import Fastify, { type FastifyInstance } from 'fastify'
import type gatewayPlugin from '../src/gateway.ts'
import type { GatewayOptions } from '../src/gateway.ts'
import { eventPayload, readOrder } from './events.ts'
import { collect } from './floors/collect.ts'
import { listen } from './floors/listen.ts'

/** A host application with the published gateway in it, which makes events when it is told to. */
const app = Fastify()
/** What is published: it is not there, and has no types, before it is built. */
const published = new URL('../dist/src/gateway.js', import.meta.url).href
const { default: gateway } = (await import(published)) as { default: typeof gatewayPlugin }
const options = JSON.parse(process.argv[2] ?? '') as GatewayOptions

function extend(fastify: FastifyInstance): void {
  const { events } = fastify.comis

  async function emit(path: string): Promise<void> {
    const { count, burst } = readOrder(path)
    for (let n = 0; n < count; n += burst) {
      for (let i = 0; i < burst; i++) events.emit('audit:event', eventPayload(n + i))
      await setImmediate()
    }
  }

  fastify.get('/_gc', async () => {
    collect()
    return {}
  })
  fastify.get('/_emit', (request, reply) => {
    void reply.send({})
    void emit(request.url)
  })
}

await app.register(gateway, { ...options, extend })
await app.ready()
await listen(app.server)
