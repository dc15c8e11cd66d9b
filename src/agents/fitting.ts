import { type Message, textOf } from '../models/message.ts'

const CHARACTERS_PER_TOKEN = 4
const SHARE_FOR_HISTORY = 0.75

/**
 * The newest messages that fit in the model's window beside the summary and the news, from a user's message on: an answer or a tool's result without
 * what it answers is refused by providers. The last message always stays, and so do the instructions before all others.
 */
export function fitting(messages: Message[], beside = '', contextWindow = Infinity): Message[] {
  const start = Math.max(
    0,
    messages.findIndex(({ role }) => role !== 'system')
  )
  const instructions = messages.slice(0, start)
  let room = contextWindow * SHARE_FOR_HISTORY * CHARACTERS_PER_TOKEN - beside.length
  for (const message of instructions) room -= textOf(message).length
  let first = messages.length - 1
  for (let index = first; index >= start; index--) {
    const message = messages[index] as Message
    room -= message.role === 'tool' ? JSON.stringify(message.content).length : textOf(message).length
    if (room < 0 && index < messages.length - 1) break
    if (message.role === 'user') first = index
  }
  return [...instructions, ...messages.slice(Math.max(start, first))]
}
