import { readFile, writeFile } from 'node:fs/promises'
import { Agent, request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SecureContextOptions } from 'node:tls'
import Fastify from 'fastify'
import type { Test } from 'tap'
import { setLogLevel } from '../../plugins/json-rpc/methods/daemon/set-log-level.ts'
import { followConnections } from '../../src/connections.ts'
import gateway, { type GatewayOptions } from '../../src/gateway.ts'
import { completeOptions, SECRETS, temporaryFolder, TOKENS } from './gateway.ts'
import { clientOf, createAuthority } from './tls.ts'
import { SECRET } from './webhooks.ts'

/** What one request is, but for who asks. */
export interface Request {
  method: string
  /** Below the gateway’s prefix, as it goes over the wire. */
  path: string
  body?: object | undefined
}

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  /** Of a stream of events: empty, it is left once its headers are there. */
  text: string
}

/** What a request says who it is from. */
export interface Credential {
  name: string
  /** Whether the gateway takes it for an attempt: only then it says that a token was wrong. */
  isTold: boolean
  /** What it may do; undefined: it is not valid. */
  scopes: readonly string[] | undefined
  headers?: Record<string, string>
  /** A certificate, among those of `Served.agents`. Default: none. */
  certificate?: Certificate
  /** Goes into the address, where only some routes look for it: to the others it is no credential at all. */
  query?(): Promise<string>
}

const CERTIFICATES = ['none', 'robot', 'reader', 'stranger', 'ofOtherAuthority'] as const
export type Certificate = (typeof CERTIFICATES)[number]

export interface Served {
  url: string
  /** Every route that is served, as `GET /api/agents`, with those that answer other methods left out. */
  routes: Set<string>
  credentials: Credential[]
  agents: Record<Certificate, Agent>
  /** What a client connects with that has a certificate. */
  clients: Record<Certificate, SecureContextOptions>
  ask(request: Request, credential?: Credential): Promise<Answer>
  /** Calls a method as the client that may do everything. @throws Error if it fails */
  call(method: string, params?: object): Promise<unknown>
  /** All that requests leave behind, but for what is told of their refusal. */
  whatIsThere(): Promise<unknown>
}

const ONLY_ADMIN = 'only-admin-0123456789-0123456789-012345678'
const MAPPING = { id: 'deploys', match: { path: 'deploys' }, messageTemplate: 'Deployed' }

/**
 * A host that serves a gateway over TLS and asks for certificates: so everything that a client can be known by comes in by one port.
 * The authorities, and thereby the robot’s certificate, are the test’s own.
 */
export async function serveEveryone(t: Test, { prefix = '', ...options }: GatewayOptions & { prefix?: string } = {}) {
  const { agents, clients, server } = await certificates(t)
  const app = Fastify({ https: server })
  const endConnections = followConnections(app.server)
  t.teardown(() => {
    endConnections()
    for (const agent of Object.values(agents)) agent.destroy()
    return app.close()
  })
  const routes = new Set<string>()
  app.addHook('onRoute', (route) => keysOf(route, prefix).forEach((key) => routes.add(key)))
  await app.register(gateway, { prefix, ...(await everything(t, options)) })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })

  function ask({ method, path, body }: Request, credential?: Credential): Promise<Answer> {
    const { headers = {}, certificate = 'none', query } = credential ?? {}
    const send = (address: string) => exchange(address, { method, body, headers, agent: agents[certificate] })
    if (!query) return send(url + prefix + path)
    return query().then((added) => send(`${url}${prefix}${path}${path.includes('?') ? '&' : '?'}${added}`))
  }

  async function call(method: string, params: object = {}): Promise<unknown> {
    const body = { jsonrpc: '2.0', id: 1, method, params }
    const { text } = await ask({ method: 'POST', path: '/rpc', body }, withBearer('all', SECRETS.all, ['*']))
    const { result, error } = JSON.parse(text)
    if (error) throw new Error(`${method}: ${error.message}`)
    return result
  }

  const served: Served = {
    url: url + prefix,
    routes,
    agents,
    clients,
    ask,
    call,
    credentials: [],
    whatIsThere: async () => ({
      tokens: ((await call('tokens.list')) as { tokens: object[] }).tokens.map(withoutUse),
      others: await Promise.all(LOOKED_AT.map(async (method) => [method, await call(method)]))
    })
  }
  served.credentials = await credentialsOf(served)
  return served
}

/** What answers all other methods of a path names them all at once, `OPTIONS` among them; `HEAD` goes with its `GET`. */
function keysOf({ method, url }: { method: string | string[]; url: string }, prefix: string): string[] {
  const methods = [method].flat()
  if (methods.length > 1 && methods.includes('OPTIONS')) return []
  const path = url.slice(prefix.length).replace(/(.)\/$/, '$1') || '/'
  return methods.filter((one) => one !== 'HEAD').map((one) => `${one} ${path}`)
}

async function everything(t: Test, options: GatewayOptions): Promise<GatewayOptions> {
  const distPath = await temporaryFolder(t)
  await writeFile(join(distPath, 'index.html'), '<!doctype html>')
  const complete = await completeOptions(t, {
    answerUnknownRoutes: true,
    agents: { default: { provider: 'builtin', model: 'echo' } },
    embeddings: false,
    webhooks: { enabled: true, token: SECRET, mappings: [MAPPING] },
    extend: (scope) => scope.rpc.method(setLogLevel(scope.log)),
    ...options
  })
  return {
    ...complete,
    gateway: {
      ...complete.gateway,
      wsMessageRateLimit: { maxMessages: 100_000 },
      web: { distPath, ...options.gateway?.web },
      tokens: [...TOKENS, { id: 'onlyAdmin', secret: ONLY_ADMIN, scopes: ['admin'] }],
      tls: {
        clients: [
          { subject: 'CN=robot,O=Example', id: 'robot', scopes: ['rpc'] },
          { san: 'URI:spiffe://example/reader', id: 'reader', scopes: ['api'] }
        ]
      }
    }
  }
}

async function certificates(t: Test) {
  const [authority, other] = await Promise.all([createAuthority(t), createAuthority(t)])
  const robot = { subject: '/O=Example/CN=robot' }
  const [host, ...issued] = await Promise.all([
    authority.issue('host', { subject: '/CN=localhost', san: 'DNS:localhost,IP:127.0.0.1' }),
    authority.issue('robot', robot),
    authority.issue('reader', { subject: '/CN=any', san: 'URI:spiffe://example/reader' }),
    authority.issue('stranger', { subject: '/O=Example/CN=stranger' }),
    other.issue('robot', robot)
  ])
  const ca = await readFile(authority.caPath)
  const pairs = [undefined, ...issued]
  const contexts = await Promise.all(pairs.map(async (pair) => ({ ...(await clientOf(authority, pair)), ca })))
  const clients = Object.fromEntries(CERTIFICATES.map((name, index) => [name, contexts[index]]))
  const agents = Object.fromEntries(
    Object.entries(clients).map(([name, client]) => [name, new Agent({ ...client, keepAlive: true })])
  )
  const { cert, key } = await clientOf(authority, host)
  const server = { ca, cert, key, requestCert: true, rejectUnauthorized: false }
  return {
    server,
    clients: clients as Served['clients'],
    agents: agents as Served['agents']
  }
}

export const withBearer = (name: string, secret: string, scopes?: string[]): Credential => ({
  name,
  isTold: true,
  scopes,
  headers: { authorization: `Bearer ${secret}` }
})

/** Everything by which a client can try to come in. */
async function credentialsOf({ call, ask }: Served): Promise<Credential[]> {
  const make = async (id: string, more: object = {}) =>
    ((await call('tokens.create', { id, scopes: ['*'], ...more })) as { secret: string }).secret
  const revoked = await make('revoked')
  await call('tokens.revoke', { id: 'revoked' })
  const rotated = await make('rotated')
  await call('tokens.rotate', { id: 'rotated', graceSeconds: 0 })
  const expired = await make('expired', { expiresAt: Date.now() + SHORTLY_MS })
  await sleep(SHORTLY_MS)
  const wrong = 'x'.repeat(40)
  const malformed = (name: string, authorization: string): Credential => ({
    name: `malformed: ${name}`,
    isTold: true,
    scopes: undefined,
    headers: { authorization }
  })
  const rpc = withBearer('rpc', SECRETS.rpc, ['rpc'])
  const inQuery = (name: string, secret: string, scopes?: string[]): Credential => ({
    name: `?token= ${name}`,
    isTold: true,
    scopes,
    query: () => Promise.resolve(`token=${secret}`)
  })
  const certified = (certificate: Certificate, scopes?: string[]): Credential => ({
    name: `certificate of ${certificate}`,
    isTold: false,
    scopes,
    certificate
  })
  return [
    { name: 'none', isTold: false, scopes: undefined },
    malformed('no secret', 'Bearer'),
    malformed('other scheme', `Basic ${Buffer.from(`all:${SECRETS.all}`).toString('base64')}`),
    malformed('no scheme', SECRETS.all),
    malformed('two secrets', `Bearer ${SECRETS.all} ${SECRETS.all}`),
    withBearer('wrong', wrong),
    withBearer('expired', expired),
    withBearer('revoked', revoked),
    withBearer('rotated', rotated),
    rpc,
    withBearer('api', SECRETS.api, ['api']),
    withBearer('admin', ONLY_ADMIN, ['admin']),
    withBearer('mcp-client', SECRETS.mcp, ['mcp-client']),
    withBearer('*', SECRETS.all, ['*']),
    certified('robot', ['rpc']),
    certified('reader', ['api']),
    certified('stranger'),
    certified('ofOtherAuthority'),
    { ...withBearer('wrong beside a certificate', wrong), certificate: 'robot' },
    inQuery('rpc', SECRETS.rpc, ['rpc']),
    inQuery('mcp-client', SECRETS.mcp, ['mcp-client']),
    inQuery('wrong', wrong),
    {
      name: 'ticket',
      isTold: true,
      scopes: ['rpc'],
      async query() {
        const { text } = await ask({ method: 'POST', path: '/api/tickets' }, rpc)
        return `ticket=${JSON.parse(text).ticket}`
      }
    }
  ]
}

/** Of the time that a token takes to expire, long enough for it to be made. */
const SHORTLY_MS = 1500

/** To ask is to use. */
const withoutUse = (token: object) => ({ ...token, lastUsedAt: undefined })

/** What they answer changes with whatever a request does. */
const LOOKED_AT = [
  'session.list',
  'turn.list',
  'memory.browse',
  'agents.list',
  'channels.list',
  'webhooks.list',
  'config.history',
  'obs.billing.total'
]

interface Sent {
  method: string
  body: object | undefined
  headers: Record<string, string>
  agent: Agent
}

function exchange(address: string, { body, ...options }: Sent): Promise<Answer> {
  const text = body && JSON.stringify(body)
  // The path goes as it is: `URL` would put an odd one right.
  const [, origin = '', path = ''] = /^(https:\/\/[^/]+)(.*)$/.exec(address) ?? []
  const { hostname, port } = new URL(origin)
  const headers = { ...options.headers, ...(text && { 'content-type': 'application/json' }) }
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(10_000)
    const sent = httpsRequest({ ...options, hostname, port, path, headers, servername: 'localhost', signal })
    sent.on('error', reject).on('response', (response) => {
      const { statusCode: status = 0 } = response
      const finish = (seen: string) => resolve({ status, headers: response.headers, text: seen })
      if (response.headers['content-type']?.startsWith('text/event-stream')) {
        finish('')
        return sent.destroy()
      }
      let seen = ''
      response.setEncoding('utf8').on('data', (piece: string) => (seen += piece))
      response.on('end', () => finish(seen)).on('error', reject)
    })
    sent.end(text)
  })
}
