import { GatewayError } from '../../../src/errors.ts'
import type { FilePart, Message, TextPart, ToolCallPart } from '../../../src/models/message.ts'
import { toFile } from '../decode.ts'
import { isMediaAddress } from '../media-parts.ts'
import type { AssistantMessage, ChatMessage, ToolCall, UserPart } from './message-schema.ts'

/**
 * The messages of a request as the conversation that the model is given.
 * @throws GatewayError `invalid_request` that names what cannot be resolved
 */
export function toMessages(messages: ChatMessage[]): Message[] {
  const called = new Called()
  return messages.map((message, index) => toMessage(message, `messages.${index}`, called))
}

function toMessage(message: ChatMessage, path: string, called: Called): Message {
  switch (message.role) {
    case 'system':
    case 'developer':
      return { role: 'system', content: toText(message.content), ...named(message) }
    case 'user': {
      const content = toUserParts(message.content, `${path}.content`)
      return { role: 'user', content, ...named(message) }
    }
    case 'assistant':
      return toAssistant(message, path, called)
    case 'tool': {
      const callId = message.tool_call_id
      const name = called.nameOf(callId)
      if (name === undefined) throw answerToNothing(`${path}.tool_call_id`, callId)
      return { role: 'tool', content: [{ type: 'tool_result', callId, name, output: toText(message.content) }] }
    }
    case 'function': {
      const { name } = message
      const callId = called.lastOf(name)
      if (callId === undefined) throw answerToNothing(`${path}.name`, name)
      return { role: 'tool', content: [{ type: 'tool_result', callId, name, output: toText(message.content) }] }
    }
  }
}

const named = ({ name }: { name?: string | null }) => (name ? { name } : {})

/** Which tools were called so far: results name the call, or (as they once did) the function. */
class Called {
  readonly #names = new Map<string, string>()
  readonly #ids = new Map<string, string>()
  add({ callId, name }: ToolCallPart): void {
    this.#names.set(callId, name)
    this.#ids.set(name, callId)
  }
  nameOf(callId: string): string | undefined {
    return this.#names.get(callId)
  }
  lastOf(name: string): string | undefined {
    return this.#ids.get(name)
  }
}

function toAssistant(message: AssistantMessage, path: string, called: Called): Message {
  const { content, reasoning_content: thought, refusal, audio, tool_calls: calls, function_call: call } = message
  if (audio) throw unresolved(`${path}.audio`, 'no sound of earlier answers is kept here')
  const parts = (calls ?? []).map(toCall)
  if (call) parts.push({ type: 'tool_call', callId: `call_${path.replace('.', '_')}`, ...call })
  for (const part of parts) called.add(part)
  const text = toText(content) || (refusal ?? '')
  return {
    role: 'assistant',
    content: [
      ...(thought ? [{ type: 'reasoning' as const, text: thought }] : []),
      ...(text ? [{ type: 'text' as const, text }] : []),
      ...parts
    ],
    ...named(message)
  }
}

function toCall(call: ToolCall): ToolCallPart {
  if (call.type === 'function') return { type: 'tool_call', callId: call.id, ...call.function }
  const { name, input } = call.custom
  return { type: 'tool_call', callId: call.id, name, arguments: JSON.stringify({ input }) }
}

type Content = Extract<AssistantMessage['content'], unknown[]>

function toText(content: string | Content | null | undefined): string {
  if (typeof content === 'string') return content
  return (content ?? []).map((part) => (part.type === 'text' ? part.text : part.refusal)).join('')
}

function toUserParts(content: string | UserPart[], path: string): (TextPart | FilePart)[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return content.map((part, index) => toUserPart(part, `${path}.${index}`))
}

function toUserPart(part: UserPart, field: string): TextPart | FilePart {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text }
    case 'image_url': {
      const { url, detail } = part.image_url
      return { ...toFile(url, 'image/*', `${field}.image_url.url`), field, ...(detail && { detail }) }
    }
    case 'input_audio': {
      const { data, format } = part.input_audio
      const from = isMediaAddress(data) ? { url: data } : { base64: data }
      return { type: 'file', mediaType: audioType(format), data: from, field }
    }
    case 'file': {
      const { file_data: data, file_id: id, filename } = part.file
      if (id) throw unresolved(`${field}.file.file_id`, 'there is no store of files here: send file_data')
      if (!data) throw unresolved(`${field}.file`, 'expected file_data')
      return { ...toFile(data, 'application/pdf', `${field}.file.file_data`), filename: filename ?? undefined, field }
    }
  }
}

const audioType = (format: string) => (format === 'mp3' ? 'audio/mpeg' : `audio/${format}`)

const unresolved = (param: string, message: string) =>
  new GatewayError('invalid_request', `Invalid field: ${param}: ${message}`, { param })

const answerToNothing = (param: string, called: string) =>
  unresolved(param, `no earlier message has a tool call "${called.slice(0, 64)}"`)
