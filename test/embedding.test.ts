import cors from '@fastify/cors'
import rateLimit from '@fastify/rate-limit'
import sensible from '@fastify/sensible'
import fastifyStatic from '@fastify/static'
import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance } from 'fastify'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import gateway, { type GatewayOptions } from '../src/gateway.ts'
import { bearer, completeOptions, SECRETS, temporaryFolder } from './support/gateway.ts'
import { parseEvents } from './support/sse.ts'

/** A host application with everything of its own that a gateway could trample on. */
function buildHost(t: Test, options = {}): FastifyInstance {
  const app = Fastify(options)
  t.teardown(() => app.close())
  app.setErrorHandler((error: Error, _request, reply) => reply.code(418).send({ host: error.message }))
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ host: 'not found' }))
  app.addContentTypeParser('text/custom', { parseAs: 'string' }, (_request, body, done) => done(null, { custom: body }))
  app.get('/own', async () => ({ own: true }))
  app.get('/own/broken', async () => {
    throw new Error('of the host')
  })
  app.post('/own/custom', async (request) => request.body)
  app.post(
    '/own/typed',
    { schema: { body: { type: 'object', properties: { n: { type: 'number' } } } } },
    async (request) => request.body
  )
  return app
}

async function add(t: Test, app: FastifyInstance, prefix: string, options: GatewayOptions = {}): Promise<void> {
  await app.register(gateway, { prefix, ...(await completeOptions(t, options)) })
}

t.test('a gateway under a prefix leaves the host as it was, and the host leaves the gateway', async (t) => {
  const app = buildHost(t)
  await add(t, app, '/ai', { agents: { default: { provider: 'builtin', model: 'echo' } } })

  t.same((await app.inject('/own')).json(), { own: true })
  t.match(await app.inject('/own/broken'), { statusCode: 418, body: '{"host":"of the host"}' })
  t.match(await app.inject('/nowhere'), { statusCode: 404, body: '{"host":"not found"}' })
  t.same(
    (
      await app.inject({ method: 'POST', url: '/own/custom', payload: 'x', headers: { 'content-type': 'text/custom' } })
    ).json(),
    { custom: 'x' }
  )
  t.same(
    (await app.inject({ method: 'POST', url: '/own/typed', payload: { n: '5' } })).json(),
    { n: 5 },
    "the host's validator still converts"
  )
  t.notOk((await app.inject('/own')).headers['ratelimit-limit'], "the gateway's hooks do not run")
  t.equal(app.hasRequestDecorator('principal'), false)

  t.equal((await app.inject('/ai/health')).json().status, 'ok')
  t.match(await app.inject('/ai/nowhere'), { statusCode: 404, body: '{"error":"Not Found"}' })
  t.equal(
    (await app.inject({ method: 'POST', url: '/ai/api/chat', payload: { message: 5 }, headers: bearer() })).statusCode,
    400
  )
  const custom = { ...bearer(), 'content-type': 'text/custom' }
  t.equal(
    (await app.inject({ method: 'POST', url: '/ai/api/chat', payload: 'x', headers: custom })).statusCode,
    415,
    "the host's parser is not used"
  )
  const stream = await app.inject({ url: '/ai/api/chat/stream?message=hello', headers: bearer() })
  t.same(
    (await parseEvents(stream.body)).map(({ event }) => event),
    ['token', 'done']
  )
  t.match(await app.inject('/ai/docs'), { statusCode: 200 })
  t.equal((await app.inject('/ai/openapi.json')).json().servers[0].url, '/ai')
})

t.test('without a prefix, unknown paths are the host’s', async (t) => {
  const app = buildHost(t)
  await add(t, app, '')
  t.match(await app.inject('/nowhere'), { statusCode: 404, body: '{"host":"not found"}' })
  t.equal((await app.inject('/health')).json().status, 'ok')
  t.match(await app.inject({ method: 'PUT', url: '/api/chat' }), {
    statusCode: 405,
    body: '{"error":"Method Not Allowed"}'
  })
  t.match(await app.inject({ method: 'PUT', url: '/own' }), { statusCode: 404, body: '{"host":"not found"}' })
})

t.test('two gateways in one host, each with its own tokens and sessions', async (t) => {
  const app = buildHost(t)
  const secret = 'the-second-one-0123456789-0123456789-0123456789'
  await add(t, app, '/a', { agents: { default: { name: 'A' } } })
  await add(t, app, '/b', {
    agents: { default: { name: 'B' } },
    gateway: { tokens: [{ id: 'b', secret, scopes: ['rpc'] }] }
  })
  const name = async (url: string, token: string) => {
    const answer = await app.inject({ url: `${url}/api/agents`, headers: bearer(token) })
    return answer.json().agents?.[0].name ?? answer.statusCode
  }
  t.same(
    [await name('/a', SECRETS.rpc), await name('/b', secret), await name('/a', secret), await name('/b', SECRETS.rpc)],
    ['A', 'B', 401, 401]
  )
})

t.test('two gateways cannot share a folder', async (t) => {
  const app = buildHost(t)
  const dataDir = await temporaryFolder(t)
  await add(t, app, '/a', { dataDir })
  await t.rejects(add(t, app, '/b', { dataDir }), /is used by another gateway/)
})

t.test('a host that has the same plugins already', async (t) => {
  const app = buildHost(t)
  await app.register(sensible)
  await app.register(cors)
  await app.register(swagger)
  await app.register(rateLimit, { max: 1000 })
  await app.register(fastifyStatic, { root: await temporaryFolder(t), prefix: '/files/' })
  await add(t, app, '/ai', { gateway: { corsOrigins: ['https://page.example'] } })
  t.equal((await app.inject('/ai/health')).statusCode, 200)
  t.equal((await app.inject({ url: '/ai/api/agents', headers: bearer() })).statusCode, 200)
  t.equal((await app.inject('/ai/app/some/page')).statusCode, 200)
  t.ok((await app.inject('/ai/openapi.json')).json().paths['/api/chat'])
  t.equal((await app.inject('/ai/docs/swagger-ui.css')).statusCode, 200)
  t.same((await app.inject('/own')).json(), { own: true })
})

t.test("the host's logger is used, and never hears of a query", async (t) => {
  const lines: string[] = []
  const app = buildHost(t, {
    loggerInstance: pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  })
  await add(t, app, '/ai')
  await app.inject(`/ai/api/chat/stream?message=private-words&token=${SECRETS.rpc}`)
  const text = lines.join('')
  t.match(text, '"msg":"turn"')
  t.match(text, '"path":"/ai/api/chat/stream"')
  t.notMatch(text, SECRETS.rpc)
  t.notMatch(text, 'private-words')
})

t.test('a configuration that cannot be used stops the host with the path', async (t) => {
  const app = buildHost(t)
  await t.rejects(
    add(t, app, '/ai', { gateway: { prot: 1 } } as GatewayOptions),
    /gateway\.prot: unknown key; did you mean "port"\?/
  )
})

t.test('pages of other origins may call where they are named', async (t) => {
  const app = buildHost(t)
  await add(t, app, '/ai', { gateway: { corsOrigins: ['https://page.example'] } })
  const preflight = await app.inject({
    method: 'OPTIONS',
    url: '/ai/api/chat',
    headers: {
      origin: 'https://page.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization'
    }
  })
  t.match([preflight.statusCode, preflight.headers['access-control-allow-origin']], [204, 'https://page.example'])
  const answer = await app.inject({
    url: '/ai/api/chat/stream?message=x',
    headers: { ...bearer(), origin: 'https://page.example' }
  })
  t.equal(answer.headers['access-control-allow-origin'], 'https://page.example', 'on streams too')
  const other = await app.inject({ url: '/ai/api/agents', headers: { ...bearer(), origin: 'https://else.example' } })
  t.notOk(other.headers['access-control-allow-origin'])
})
