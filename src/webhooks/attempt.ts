import type { Agent, Agents } from '../agents/registry.ts'
import type { Channels } from '../channels/channels.ts'
import type { Events } from '../events/events.ts'
import type { Json } from '../json.ts'
import type { Catalog } from '../models/catalog.ts'
import { userText } from '../models/message.ts'
import type { DeliveryStore, WholeDelivery } from '../storage/port.ts'
import type { Turns } from '../turns/turns.ts'
import type { HeldTexts } from './held.ts'
import { type Mapping, type Mappings, Undeliverable } from './mapping.ts'
import { unwrapPush } from './pub-sub.ts'
import type { TemplateScope } from './template.ts'
import { placeOf } from './worker.ts'

export interface AttemptPorts {
  store: DeliveryStore
  events: Events
  turns: Turns
  agents: Agents
  catalog: Catalog
  channels: Channels
  held: HeldTexts
  mappings(): Mappings
}

const MAIN_SESSION = 'main'
/** Nobody it depends on: it is ended by its id, and with the gateway. */
const NOBODY = new AbortController().signal

/**
 * One attempt at a delivery: its agent's turn, whose end is stored with the delivery's; or the sending of the answer; or the
 * keeping of a text for later.
 * @throws Undeliverable, GatewayError
 */
export async function attemptDelivery(delivery: WholeDelivery, ports: AttemptPorts): Promise<void> {
  if (delivery.sending) return sendAnswer(delivery, ports)
  const mapping = ports.mappings().get(delivery.mappingId)
  if (!mapping) throw new Undeliverable('Its mapping is not configured any more')
  const { action, wakeMode, agentId } = mapping.config
  const agent = ports.agents.get(agentId)
  if (action === 'wake' && wakeMode === 'next-heartbeat') return holdText(delivery, mapping, agent, ports)
  return runTurn(delivery, mapping, agent, ports)
}

async function sendAnswer(delivery: WholeDelivery, { store, events, channels }: AttemptPorts): Promise<void> {
  const { id, answer } = delivery
  if (!answer) throw new Undeliverable('Its answer is gone')
  await channels.send(answer.channel, { to: answer.to, text: answer.text, id })
  await store.settle(id, Date.now(), { to: 'done' }, [events.prepare('webhook:completed', placeOf(delivery))])
}

async function holdText(
  delivery: WholeDelivery,
  mapping: Mapping,
  { id: agentId }: Agent,
  { store, events, held }: AttemptPorts
): Promise<void> {
  const { text } = mapping.render(scopeOf(delivery, mapping), MAIN_SESSION)
  const told = events.prepare('webhook:held', { ...placeOf(delivery), agentId })
  if (await store.settle(delivery.id, Date.now(), { to: 'held', agentId, text }, [told])) held.add(agentId)
}

async function runTurn(
  delivery: WholeDelivery,
  mapping: Mapping,
  agent: Agent,
  { turns, catalog }: AttemptPorts
): Promise<void> {
  const { id: deliveryId, mappingId, turnId, attempts: attempt } = delivery
  const { config, clientId } = mapping
  const usual = config.action === 'wake' ? MAIN_SESSION : `hook:${turnId}`
  const { text, sessionKey, to } = mapping.render(scopeOf(delivery, mapping), usual)
  const answerTo = to !== undefined && config.channel !== undefined ? { channel: config.channel, to } : undefined
  const turn = turns.start(
    {
      by: { clientId, scopes: [] },
      target: { agent: withModel(agent, config.model, catalog) },
      input: [userText(text)],
      session: { clientId, key: sessionKey },
      settings: {},
      tools: [],
      timeoutSeconds: config.timeoutSeconds,
      fulfils: { deliveryId, mappingId, turnId, attempt, answerTo }
    },
    NOBODY
  )
  const [{ error, finishReason }] = await Promise.all([turn.outcome, turn.read(() => undefined)])
  if (error) throw error
  if (finishReason === 'aborted') throw new Undeliverable('Its turn was cancelled')
}

/** The agent as it is, but for the model it talks to. */
function withModel(agent: Agent, model: string | undefined, catalog: Catalog): Agent {
  if (model === undefined) return agent
  const providerId = model.slice(0, model.indexOf('/'))
  return { ...agent, providerId, model: () => catalog.find(model) }
}

function scopeOf({ payload, headers, query, path, receivedAt }: WholeDelivery, { config }: Mapping): TemplateScope {
  const value = JSON.parse(payload) as Json
  return { payload: config.scheme === 'bearer' ? unwrapPush(value) : value, headers, query, path, receivedAt }
}
