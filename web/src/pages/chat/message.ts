import type { ChatEvent, Operations } from '../../../../client/index.ts'

export type Part =
  | { kind: 'text'; text: string }
  | { kind: 'reasoning'; text: string }
  | { kind: 'tool'; callId: string; name: string; input: string; output?: unknown; done: boolean }

/** What one side said at once. Its parts change while it is being said; `revision` tells that they did. */
export interface ChatMessage {
  readonly id: string
  readonly role: 'user' | 'assistant'
  readonly parts: readonly Part[]
  readonly at: number
  /** It is being said. */
  readonly streaming?: boolean
  /** How it ended, where that is worth telling. */
  readonly note?: string
  readonly failed?: boolean
}

type Exported = Operations['exportSession']['result']['messages'][number]
interface RawPart {
  type: string
  text?: string
  callId?: string
  name?: string
  arguments?: string
  output?: unknown
  filename?: string
  mediaType?: string
  data?: { url?: string }
}

/** What is kept of a session, as it was shown when it was said: a turn's steps are one message. */
export function toMessages(exported: readonly Exported[]): ChatMessage[] {
  const messages: (ChatMessage & { parts: Part[]; turnId: string })[] = []
  for (const { role, content, timestamp, turnId } of exported) {
    if (role === 'system') continue
    const before = messages.at(-1)
    if (role === 'user' || before?.role !== 'assistant' || before.turnId !== turnId) {
      const side = role === 'user' ? 'user' : 'assistant'
      messages.push({ id: `${turnId}:${messages.length}`, role: side, parts: [], at: timestamp, turnId })
    }
    const parts = messages.at(-1)?.parts ?? []
    for (const part of content as RawPart[]) take(parts, part)
  }
  return messages
}

/** Files of the media are named in conversations by their ids. */
const MEDIA = 'media:'

function fileText({ filename = 'file', mediaType = '', data }: RawPart): string {
  if (!data?.url?.startsWith(MEDIA)) return `*A file: ${filename}*`
  return asMarkdown({ id: data.url.slice(MEDIA.length), name: filename, contentType: mediaType })
}

/** A file of the media as it stands in a text. */
export const asMarkdown = ({ name, id, contentType }: { name: string; id: string; contentType: string }) =>
  `${contentType.startsWith('image/') ? '!' : ''}[${name.replace(/[\\[\]]/g, '\\$&')}](/media/${id})`

function take(parts: Part[], raw: RawPart): void {
  const { type, text = '', callId = '', name = '', arguments: input = '', output } = raw
  if (type === 'text') parts.push({ kind: 'text', text })
  else if (type === 'reasoning') parts.push({ kind: 'reasoning', text })
  else if (type === 'tool_call') parts.push({ kind: 'tool', callId, name, input: asText(input), done: false })
  else if (type === 'file') parts.push({ kind: 'text', text: fileText(raw) })
  else if (type === 'tool_result') finish(parts, callId, output)
}

const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

function finish(parts: Part[], callId: string, output: unknown): void {
  const index = parts.findLastIndex((part) => part.kind === 'tool' && part.callId === callId)
  const call = parts[index]
  if (call?.kind === 'tool') parts[index] = { ...call, output, done: true }
}

/** The parts with one more event of the answer. */
export function withEvent(before: readonly Part[], event: ChatEvent): readonly Part[] {
  const parts = [...before]
  const last = parts.at(-1)
  switch (event.type) {
    case 'text':
    case 'reasoning':
      if (last?.kind === event.type) parts[parts.length - 1] = { ...last, text: last.text + event.delta }
      else parts.push({ kind: event.type, text: event.delta })
      break
    case 'tool_call': {
      const index = parts.findLastIndex((part) => part.kind === 'tool' && part.callId === event.callId)
      const call = parts[index]
      if (call?.kind === 'tool') parts[index] = { ...call, input: call.input + event.delta }
      else parts.push({ kind: 'tool', callId: event.callId, name: event.name, input: event.delta, done: false })
      break
    }
    case 'tool_result':
      finish(parts, event.callId, event.output)
      break
    case 'started':
    case 'done':
      break
  }
  return parts
}

export const textOf = ({ parts }: ChatMessage) =>
  parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('\n\n')
