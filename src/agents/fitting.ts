import type { Events } from '../events/events.ts'
import type { ModelRef } from '../models/catalog.ts'
import type { CallPlace } from '../models/fallback.ts'
import { type Message, textOf } from '../models/message.ts'

const CHARACTERS_PER_TOKEN = 4
const SHARE_FOR_HISTORY = 0.75

/** The messages that a model is given of a conversation; `beside` is what else it is given of its history. */
export type Fit = (messages: Message[], model: ModelRef, beside?: string) => Message[]

/** Fits conversations to the windows of models, for one turn, and tells once that something had to be left out. */
export function fitFor(place: CallPlace, events: Events): Fit {
  let isTold = false
  return (messages, { providerId, model, config }, beside = '') => {
    const window = config?.contextWindow
    if (window === undefined) return messages
    const fit = fitting(messages, beside, window)
    const dropped = messages.length - fit.length
    if (dropped > 0 && !isTold) {
      isTold = true
      const name = `${providerId}/${model}`
      events.emit('model:context_trimmed', { ...place, model: name, contextWindow: window, dropped, kept: fit.length })
    }
    return fit
  }
}

/**
 * What fits in a model's window: the instructions before all others and the newest question stay; then the newest of
 * what was done since, at least the last step of it; then the newest of what was said before, from a question on. A
 * step is an answer with the results of its calls: one without the other is refused by providers.
 */
function fitting(messages: Message[], beside: string, contextWindow: number): Message[] {
  const start = Math.max(
    0,
    messages.findIndex(({ role }) => role !== 'system')
  )
  const asked = Math.max(
    start,
    messages.findLastIndex(({ role }) => role === 'user')
  )
  const firstStep = startsFrom(messages, 'assistant', asked + 1)
  const always = sizeOf(messages.slice(0, start)) + sizeOf(messages.slice(asked, firstStep))
  const room = contextWindow * SHARE_FOR_HISTORY * CHARACTERS_PER_TOKEN - beside.length - always

  const lastStep = messages.findLastIndex(({ role }) => role === 'assistant')
  const steps = newest(messages, { from: firstStep, to: messages.length, role: 'assistant', room, least: lastStep })
  const question = messages.slice(asked, firstStep)
  if (steps.from > firstStep) return [...messages.slice(0, start), ...question, ...messages.slice(steps.from)]
  const earlier = newest(messages, { from: start, to: asked, role: 'user', room: steps.room, least: asked })
  return [...messages.slice(0, start), ...messages.slice(earlier.from)]
}

interface Part {
  from: number
  to: number
  /** Whose messages it may begin with. */
  role: Message['role']
  /** Characters. */
  room: number
  /** Where it begins at the latest, if there is no room for it either. */
  least: number
}

/** Where the newest messages of a part begin that there is room for, and the room that is left. */
function newest(messages: Message[], { from, to, role, room, least }: Part): { from: number; room: number } {
  let first = to
  let left = room
  for (let index = to - 1; index >= from; index--) {
    const message = messages[index] as Message
    left -= sizeOf([message])
    if (left < 0 && index < least) break
    if (message.role === role) first = index
  }
  return { from: first, room: left }
}

function startsFrom(messages: Message[], role: Message['role'], from: number): number {
  const index = messages.findIndex((message, at) => at >= from && message.role === role)
  return index < 0 ? messages.length : index
}

/** In characters; files are not looked into. */
function sizeOf(messages: Message[]): number {
  let size = 0
  for (const message of messages) {
    size += textOf(message).length
    if (message.role === 'tool') size += JSON.stringify(message.content).length
    if (message.role !== 'assistant') continue
    for (const part of message.content) if (part.type === 'tool_call') size += part.arguments.length
  }
  return size
}
