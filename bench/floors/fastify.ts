import { randomUUID } from 'node:crypto'
import Fastify from 'fastify'
import { listen } from './listen.ts'

/** Fastify with nothing on it but the two routes: the least that a server made with Fastify can do. */
const fastify = Fastify({ logger: false })
const authorization = `Bearer ${process.argv[2] ?? ''}`
const instanceId = randomUUID()
const startedAt = new Date().toISOString()

const object = (properties: Record<string, object>) => ({
  type: 'object',
  required: Object.keys(properties),
  properties
})
const string = { type: 'string' }
const time = { type: 'string', format: 'date-time' }
const health = object({ status: { type: 'string', const: 'ok' }, timestamp: time, instanceId: string, startedAt: time })
const status = { type: 'string', enum: ['active', 'suspended'] }
const integer = { type: 'integer' }
const sums = { messagesToday: integer, tokenUsageToday: integer }
const agent = object({ id: string, name: string, provider: string, model: string, status, ...sums })
const agents = object({ agents: { type: 'array', items: agent } })

fastify.get('/health', { schema: { response: { 200: health } } }, async () => ({
  status: 'ok',
  timestamp: new Date().toISOString(),
  instanceId,
  startedAt
}))

fastify.get(
  '/api/agents',
  {
    schema: { response: { 200: agents } },
    onRequest({ headers }, _reply, done) {
      if (headers.authorization === authorization) done()
      else done(Object.assign(new Error('Unauthorized'), { statusCode: 401 }))
    }
  },
  async () => ({
    agents: [
      {
        id: 'default',
        name: 'default',
        provider: 'builtin',
        model: 'echo',
        status: 'active',
        messagesToday: 0,
        tokenUsageToday: 0
      }
    ]
  })
)

await fastify.ready()
await listen(fastify.server)
