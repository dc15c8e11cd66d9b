import { createHmac } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { ConfigInput } from '../../src/gateway.ts'
import { bearer } from './gateway.ts'
import { waitUntil } from './watch.ts'

export const SECRET = 'a secret of whoever sends and the gateway'

export type WebhooksInput = NonNullable<ConfigInput['webhooks']>
export type MappingInput = NonNullable<WebhooksInput['mappings']>[number]

/** A mapping with what has to be there. */
export const mapping = (more: MappingInput = {}): MappingInput => ({
  id: 'm',
  match: { path: 'm' },
  messageTemplate: 'got {{n}}',
  ...more
})

/** Options of a gateway that takes webhooks, and echoes. */
export const withWebhooks = (webhooks: WebhooksInput) => ({
  agents: { default: { provider: 'builtin', model: 'echo' } },
  webhooks: { enabled: true, token: SECRET, retryDelayMs: 10, ...webhooks }
})

export const sign = (body: string | Buffer, secret = SECRET, algorithm = 'sha256') =>
  createHmac(algorithm, secret).update(body).digest('hex')

export interface Sent {
  status: number
  body: Record<string, unknown>
  headers: Record<string, unknown>
}

/** Posts a delivery as it is; signed by the plain scheme, unless headers are given that say otherwise. */
export async function deliver(
  app: FastifyInstance,
  path: string,
  body: string | Buffer,
  headers: Record<string, string> = { 'x-webhook-signature': sign(body) }
): Promise<Sent> {
  const answer = await app.inject({
    method: 'POST',
    url: `/hooks/${path}`,
    payload: body,
    headers: { 'content-type': 'application/json', ...headers }
  })
  return { status: answer.statusCode, body: answer.json(), headers: answer.headers }
}

/** Calls a JSON-RPC method. @returns its result, or its error */
export async function call(
  app: FastifyInstance,
  method: string,
  params: object = {}
): Promise<Record<string, unknown>> {
  const payload = { jsonrpc: '2.0', id: 1, method, params }
  const answer = await app.inject({ method: 'POST', url: '/rpc', payload, headers: bearer() })
  return answer.json().result ?? answer.json().error
}

export type DeliveryRecord = Record<string, unknown> & { id: string; state: string }

/** The deliveries there are, the newest first. */
export async function deliveries(app: FastifyInstance, query: object = {}): Promise<DeliveryRecord[]> {
  return (await call(app, 'webhooks.list', query)).deliveries as DeliveryRecord[]
}

/** Resolves once all deliveries are in one of these states. */
export async function untilAll(app: FastifyInstance, ...states: string[]): Promise<DeliveryRecord[]> {
  let all: DeliveryRecord[] = []
  await waitUntil(
    async () => {
      all = await deliveries(app)
      return all.length > 0 && all.every(({ state }) => states.includes(state))
    },
    () => JSON.stringify(all)
  )
  return all
}

/** The payloads of all events of a type, oldest first. */
export async function told(app: FastifyInstance, type: string): Promise<Record<string, unknown>[]> {
  const { entries } = (await app.inject({ url: '/api/activity?limit=100', headers: bearer() })).json()
  return entries
    .filter(({ event }: { event: string }) => event === type)
    .map(({ payload }: { payload: object }) => payload)
}
