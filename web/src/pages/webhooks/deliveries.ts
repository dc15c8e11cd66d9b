import { client } from '../../state/session.ts'

export const STATES = ['waiting', 'running', 'held', 'handed', 'done', 'dead', 'discarded'] as const
export type State = (typeof STATES)[number]

export interface Delivery {
  id: string
  mapping: string
  senderId: string
  state: State
  attempts: number
  turnId: string
  reason?: string
  receivedAt: number
  dueAt?: number
  finishedAt?: number
}

export interface Mapping {
  id: string
  name?: string
  match: { path: string; source?: string }
  scheme: string
  action: string
  agentId?: string
  messageTemplate?: string
  textTemplate?: string
  signature?: { algorithm?: string; header?: string }
}

export interface WebhooksConfig {
  enabled: boolean
  path: string
  mappings: Mapping[]
  presets: string[]
  signature?: { algorithm?: string; header?: string }
}

/** What is configured; undefined where the gateway has no webhooks. */
export async function readWebhooks(signal: AbortSignal): Promise<{ webhooks?: WebhooksConfig }> {
  const { config } = await client().call('config.read', {}, { signal })
  return config as { webhooks?: WebhooksConfig }
}

export async function listDeliveries(
  params: { state?: State; limit: number },
  signal: AbortSignal
): Promise<{ deliveries: Delivery[]; next?: string }> {
  return (await client().callAny('webhooks.list', params, { signal })) as { deliveries: Delivery[]; next?: string }
}

export const act = (method: 'webhooks.replay' | 'webhooks.discard', id: string) => client().callAny(method, { id })

export const getDelivery = (id: string, signal: AbortSignal) => client().callAny('webhooks.get', { id }, { signal })
