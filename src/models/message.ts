import type { Json } from '../json.ts'

export interface TextPart {
  type: 'text'
  text: string
}
/** An image, a sound or a document: its bytes in base64, or an address the provider fetches. */
export interface FilePart {
  type: 'file'
  /** As `image/png`; `image/*` where only the kind is known. */
  mediaType: string
  data: { base64: string } | { url: string }
  filename?: string
  /** How closely to look at an image, in OpenAI's words. */
  detail?: string
  /** What the client calls the place where it stands, as `messages.0.content.1`; for errors. */
  field?: string
}
export interface ReasoningPart {
  type: 'reasoning'
  text: string
}
export interface ToolCallPart {
  type: 'tool_call'
  callId: string
  name: string
  /** Arguments as JSON text, just as the model wrote them. */
  arguments: string
}
export interface ToolResultPart {
  type: 'tool_result'
  callId: string
  name: string
  output: Json
}

/** A message of a conversation, in no provider's form. */
export type Message =
  | { role: 'system'; content: string; name?: string }
  | { role: 'user'; content: (TextPart | FilePart)[]; name?: string }
  | { role: 'assistant'; content: (TextPart | ReasoningPart | ToolCallPart)[]; name?: string }
  | { role: 'tool'; content: ToolResultPart[] }

/** The text of a message, without its other parts. */
export function textOf(message: Message): string {
  if (typeof message.content === 'string') return message.content
  let text = ''
  for (const part of message.content) if (part.type === 'text') text += part.text
  return text
}

export const userText = (text: string): Message => ({ role: 'user', content: [{ type: 'text', text }] })
