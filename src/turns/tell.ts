import type { Events } from '../events/events.ts'
import { textOf } from '../models/message.ts'
import type { FinishedTurn, Fulfilment, HeldText, NewEvent, UnfinishedTurn } from '../storage/port.ts'
import { placeOf } from './place.ts'
import { clientOfMapping } from '../webhooks/client.ts'
import type { TurnRequest } from './turn.ts'

/** A journal is no second copy of all conversations. */
const MOST_TEXT = 1000

const excerpt = (text: string) =>
  text.length > MOST_TEXT ? { text: text.slice(0, MOST_TEXT), truncated: true } : { text }

/** A message that starts a turn. What is said in a turn that is not kept is not kept here either. */
export function tellReceived(request: TurnRequest, events: Events): NewEvent {
  const text =
    request.input
      .filter(({ role }) => role === 'user')
      .map(textOf)
      .at(-1) ?? ''
  const said = request.session ? excerpt(text) : {}
  return events.prepare('message:received', { ...placeOf(request), ...said, length: text.length })
}

export function tellCreated({ session, target }: TurnRequest, events: Events): NewEvent[] {
  if (!session) return []
  const agentId = 'agent' in target ? target.agent.id : undefined
  return [events.prepare('session:created', { sessionKey: session.key, clientId: session.clientId, agentId })]
}

/** A turn whose process died before its end. */
export function tellAbandoned({ id, clientId, sessionKey, agentId }: UnfinishedTurn, events: Events): NewEvent {
  const place = { turnId: id, clientId, ...(sessionKey && { sessionKey }), ...(agentId && { agentId }) }
  const message = 'The gateway stopped before this turn ended'
  return events.prepare('system:error', { ...place, source: 'turn', code: 'internal', message })
}

/** The delivery that started a turn is done with it. */
export function tellFulfilled(request: TurnRequest, { unsent: reason }: Fulfilment, events: Events): NewEvent[] {
  if (!request.fulfils) return []
  const { deliveryId, mappingId: mapping } = request.fulfils
  return [events.prepare('webhook:completed', { deliveryId, mapping, ...placeOf(request), reason })]
}

/** A text that was kept for an agent's next turn was handed in with this one. Whose turn it is, is not the sender's to know. */
export function tellHandedIn(
  { id, mappingId }: Omit<HeldText, 'text'>,
  request: TurnRequest,
  events: Events
): NewEvent {
  const { agentId } = placeOf(request)
  const clientId = clientOfMapping(mappingId)
  return events.prepare('webhook:completed', { deliveryId: id, mapping: mappingId, clientId, agentId })
}

/** A text that was kept for an agent's next turn is given up. */
export function tellGivenUp(
  { id, mappingId }: Omit<HeldText, 'text'>,
  reason: string,
  request: TurnRequest,
  events: Events
): NewEvent {
  const { agentId } = placeOf(request)
  const place = { deliveryId: id, mapping: mappingId, clientId: clientOfMapping(mappingId), agentId }
  return events.prepare('webhook:dead', { ...place, attempt: 1, reason })
}

/** What a turn came to: its answer and what it used, or why it failed. */
export function tellFinished(
  request: TurnRequest,
  turn: Omit<FinishedTurn, 'events'>,
  message: string | undefined,
  events: Events
) {
  const place = placeOf(request)
  const { finishReason, errorCode, usage, provider, model, costUsd, startedAt, finishedAt, output } = turn
  const told: NewEvent[] = []
  if (errorCode !== undefined) {
    told.push(
      events.prepare('system:error', { ...place, source: 'turn', code: errorCode, message: message ?? errorCode })
    )
  } else {
    const text = output
      .filter(({ role }) => role === 'assistant')
      .map(textOf)
      .join('')
    const said = request.session ? { ...excerpt(text), length: text.length } : {}
    told.push(events.prepare('message:sent', { ...place, ...said, finishReason }))
  }
  if (provider !== undefined && model !== undefined) {
    const total = usage.input + usage.output
    const used = {
      ...place,
      provider,
      model,
      ...usage,
      total,
      costUsd,
      durationMs: finishedAt - startedAt,
      finishReason
    }
    told.push(events.prepare('observability:token_usage', used))
  }
  return told
}
