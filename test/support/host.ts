import Fastify, { type FastifyInstance } from 'fastify'
import gateway, { type GatewayOptions, type Services } from '../../src/gateway.ts'

/** What the test asks of the host application that this is: as many events as it says, in one turn of the event loop. */
export interface HostRequest {
  emit: number
  bytes: number
}

export interface HostReport {
  url?: string
  rss: number
  readers: number
}

/** A host application in a process of its own, so that its memory is its own: it emits events when it is told to. */
let emitted = 0
let services: Services | undefined
const options = JSON.parse(process.argv[2] ?? '') as GatewayOptions
const app = Fastify()
const extend = (scope: FastifyInstance) => void (services = scope.comis)
await app.register(gateway, { ...options, extend })
const url = await app.listen({ host: '127.0.0.1', port: 0 })

function report(more: Partial<HostReport> = {}): void {
  process.send?.({ rss: process.memoryUsage.rss(), readers: services?.events.readers ?? 0, ...more })
}

process.on('message', ({ emit, bytes }: HostRequest) => {
  for (let n = 0; n < emit; n++) {
    services?.events.emit('agent:hot_added', { agentId: `${++emitted}`.padEnd(bytes, '.') })
  }
  report()
})
process.once('disconnect', () => process.exit(0))
report({ url })
