import type { Agent, Agents } from '../agents/registry.ts'
import { withModel } from '../agents/with-model.ts'
import type { Channels } from '../channels/channels.ts'
import type { Events } from '../events/events.ts'
import type { Catalog } from '../models/catalog.ts'
import { userText } from '../models/message.ts'
import type { NewEvent, Settlement, WholeDelivery } from '../storage/port.ts'
import type { Turns } from '../turns/turns.ts'
import { type HeldTexts, shortened } from './held.ts'
import { type Mapping, type Mappings, scopeOf, Undeliverable } from './mapping.ts'
import { placeOf } from './worker.ts'

/** What an attempt came to, to be stored; undefined where the end of its turn was, and this with it. */
export type Conclusion = { settlement: Settlement; events: NewEvent[]; onStored?(): void } | undefined

export interface AttemptPorts {
  events: Events
  turns: Turns
  agents: Agents
  catalog: Catalog
  channels: Channels
  held: HeldTexts
  mappings(): Mappings
}

/** Nobody it depends on: it is ended by its id, and with the gateway. */
const NOBODY = new AbortController().signal

/**
 * One attempt at a delivery: its agent's turn, whose end is stored with the delivery's; or the sending of the answer; or the
 * keeping of a text for later.
 * @param ending gives up what is sent: the gateway ends; turns are told of that by themselves
 * @throws Undeliverable, GatewayError
 */
export async function attemptDelivery(
  delivery: WholeDelivery,
  ports: AttemptPorts,
  ending: AbortSignal
): Promise<Conclusion> {
  if (delivery.sending) return sendAnswer(delivery, ports, ending)
  const mapping = ports.mappings().get(delivery.mappingId)
  if (!mapping) throw new Undeliverable('Its mapping is not configured any more')
  const { action, wakeMode, agentId } = mapping.config
  const agent = ports.agents.get(agentId)
  if (action === 'wake' && wakeMode === 'next-heartbeat') return holdText(delivery, mapping, agent, ports)
  return runTurn(delivery, mapping, agent, ports)
}

async function sendAnswer(
  delivery: WholeDelivery,
  { events, channels }: AttemptPorts,
  ending: AbortSignal
): Promise<Conclusion> {
  const { id, answer } = delivery
  if (!answer) throw new Undeliverable('Its answer is gone')
  await channels.send(answer.channel, { to: answer.to, text: answer.text, id }, ending)
  return { settlement: { to: 'done' }, events: [events.prepare('webhook:completed', placeOf(delivery))] }
}

function holdText(
  delivery: WholeDelivery,
  mapping: Mapping,
  { id: agentId }: Agent,
  { events, held }: AttemptPorts
): Conclusion {
  const text = shortened(mapping.render(scopeOfStored(delivery, mapping), delivery.turnId).text)
  const told = events.prepare('webhook:held', { ...placeOf(delivery), agentId })
  return { settlement: { to: 'held', agentId, text }, events: [told], onStored: () => held.add(agentId) }
}

async function runTurn(
  delivery: WholeDelivery,
  mapping: Mapping,
  agent: Agent,
  { turns, catalog }: AttemptPorts
): Promise<undefined> {
  const { id: deliveryId, mappingId, turnId, attempts: attempt } = delivery
  const { config, clientId } = mapping
  const { text, sessionKey, to } = mapping.render(scopeOfStored(delivery, mapping), turnId)
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

const scopeOfStored = (delivery: WholeDelivery, { config }: Mapping) =>
  scopeOf(delivery, JSON.parse(delivery.payload), config)
