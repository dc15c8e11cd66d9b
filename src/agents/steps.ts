import { createHash } from 'node:crypto'
import type { Events } from '../events/events.ts'
import { type Message, textOf } from '../models/message.ts'
import type { KeptSteps, OwnSteps, StepStore } from '../storage/port.ts'
import { placeOf } from '../turns/place.ts'
import type { Transcript } from '../turns/transcript.ts'
import { clientOf, type TurnRequest } from '../turns/turn.ts'

/** How long a client may take with the results of its calls. */
export const KEPT_MS = 86_400_000
/** Turns of one client; beyond it the oldest are forgotten. */
const MOST_TURNS = 500
/** Characters of one turn's steps; longer ones are not kept. */
const MOST_TEXT = 262_144
/** Calls of one conversation that are looked up, the newest. */
const MOST_CALLS = 200

type AssistantMessage = Extract<Message, { role: 'assistant' }>

export interface Steps {
  request: TurnRequest
  agentId: string
  /** Of the turn, which ends with calls of the client's. */
  transcript: Transcript
  store: StepStore
  events: Events
}

/** Stores what the agent did in this turn for the request that brings the results of its client's calls. */
export async function keepSteps({ request, agentId, transcript, store, events }: Steps): Promise<void> {
  const callIds = transcript.openCalls.map(({ callId }) => callId)
  const steps = ownSteps(transcript.all, new Set(callIds))
  if (steps.before.length === 0 && steps.calls.length === 0) return
  const size = JSON.stringify(steps).length
  if (size > MOST_TEXT) {
    events.emit('agent:steps_dropped', { ...placeOf(request), agentId, size, limit: MOST_TEXT })
    return
  }
  const { id: turnId, input } = request
  const kept = {
    turnId,
    clientId: clientOf(request),
    agentId,
    at: Date.now(),
    callIds,
    question: questionOf(input),
    steps
  }
  await store.keep(kept, MOST_TURNS)
}

function ownSteps(messages: Message[], clients: ReadonlySet<string>): OwnSteps {
  const last = messages.findLastIndex(({ role }) => role === 'assistant')
  const after = messages.slice(last + 1)
  return {
    before: messages.slice(0, last),
    calls: callsOf(messages[last]).filter(({ callId }) => !clients.has(callId)),
    results: after.flatMap((message) => (message.role === 'tool' ? message.content : []))
  }
}

/**
 * The conversation that a client brings, with the agent's own steps where they were: before and beside its calls of the
 * client's tools, of which alone the client knows.
 */
export async function withSteps(request: TurnRequest, agentId: string, store: StepStore): Promise<Message[]> {
  const { input } = request
  const callIds = input.flatMap((message) => callsOf(message).map(({ callId }) => callId)).slice(-MOST_CALLS)
  if (callIds.length === 0) return input
  const clientId = clientOf(request)
  const found = await store.find({ clientId, agentId, callIds, since: Date.now() - KEPT_MS })
  const missing = found.filter(({ steps }) => !isThere(steps, new Set(callIds)))
  return missing.length === 0 ? input : putBack(input, missing)
}

/** A conversation that is continued here, and not by its client, has them already. */
const isThere = ({ before, calls }: OwnSteps, callIds: ReadonlySet<string>): boolean =>
  [...before.flatMap(callsOf), ...calls].some(({ callId }) => callIds.has(callId))

function putBack(input: Message[], found: KeptSteps[]): Message[] {
  const messages: Message[] = []
  let results: OwnSteps['results'] = []
  for (const [index, message] of input.entries()) {
    const answer = message.role === 'tool' ? message.content : []
    if (results.length > 0) messages.push({ role: 'tool', content: [...results, ...answer] })
    const steps = message.role === 'assistant' ? stepsOf(message, input.slice(0, index), found) : undefined
    if (message.role === 'assistant' && steps) messages.push(...steps.before, beside(message, steps))
    else if (results.length === 0 || message.role !== 'tool') messages.push(message)
    results = steps?.results ?? []
  }
  return results.length > 0 ? [...messages, { role: 'tool', content: results }] : messages
}

function stepsOf(message: AssistantMessage, earlier: Message[], found: KeptSteps[]): OwnSteps | undefined {
  const ids = new Set(callsOf(message).map(({ callId }) => callId))
  const ofCalls = found.filter(({ callIds }) => callIds.some((id) => ids.has(id)))
  if (ofCalls.length === 0) return undefined
  const asked = questionOf(earlier)
  return ofCalls.findLast(({ question }) => question === asked)?.steps
}

/** The step as it was. What was said in all steps has come to the client as one text. */
function beside(message: AssistantMessage, { before, calls }: OwnSteps): AssistantMessage {
  const earlier = before
    .filter(({ role }) => role === 'assistant')
    .map(textOf)
    .join('')
  const text = textOf(message)
  const own = text.startsWith(earlier) ? text.slice(earlier.length) : text
  const rest = message.content.filter(({ type }) => type !== 'text')
  return { role: 'assistant', content: [...(own ? [{ type: 'text' as const, text: own }] : []), ...calls, ...rest] }
}

const callsOf = (message: Message | undefined) =>
  message?.role === 'assistant' ? message.content.filter((part) => part.type === 'tool_call') : []

/** The last thing that the user said, unreadable. */
function questionOf(messages: Message[]): string {
  const asked = messages.findLast(({ role }) => role === 'user')
  return createHash('sha256')
    .update(asked ? textOf(asked) : '')
    .digest('base64url')
}
