import { GatewayError } from '../../../src/errors.ts'
import type { Json } from '../../../src/json.ts'
import type { FilePart, Message, TextPart, ToolCallPart } from '../../../src/models/message.ts'
import type { ModelSettings, ToolSpec } from '../../../src/models/port.ts'
import type { Target, TurnRequest } from '../../../src/turns/turn.ts'
import { dropEmpty, toFile } from '../decode.ts'
import type { ChatCompletionBody, ChatMessage } from './schema.ts'

/** A chat completion request as a turn. The history comes with it, so that it has no session. */
export function toTurn(body: ChatCompletionBody, target: Target): Omit<TurnRequest, 'id' | 'by'> {
  return { target, input: toMessages(body.messages), settings: toSettings(body), tools: toTools(body) }
}

function toMessages(messages: ChatMessage[]): Message[] {
  const toolNames = new Map<string, string>()
  return messages.map((message, index) => {
    switch (message.role) {
      case 'system':
      case 'developer':
        return { role: 'system', content: toText(message.content) }
      case 'user':
        return { role: 'user', content: toUserParts(message.content, `messages.${index}.content`) }
      case 'assistant': {
        const calls = (message.tool_calls ?? []).map(toCall)
        for (const { callId, name } of calls) toolNames.set(callId, name)
        const text = toText(message.content ?? '')
        return { role: 'assistant', content: [...(text ? [{ type: 'text' as const, text }] : []), ...calls] }
      }
      case 'tool': {
        const { tool_call_id: callId } = message
        const name = toolNames.get(callId)
        if (name === undefined) throw answerToNothing(callId, index)
        return { role: 'tool', content: [{ type: 'tool_result', callId, name, output: toText(message.content) }] }
      }
    }
  })
}

function answerToNothing(callId: string, index: number): GatewayError {
  const message = `Invalid field: messages.${index}.tool_call_id: no earlier message has a tool call "${callId.slice(0, 64)}"`
  return new GatewayError('invalid_request', message, { param: `messages.${index}.tool_call_id` })
}

type AssistantMessage = Extract<ChatMessage, { role: 'assistant' }>
const toCall = ({
  id,
  function: { name, arguments: text }
}: NonNullable<AssistantMessage['tool_calls']>[number]): ToolCallPart => ({
  type: 'tool_call',
  callId: id,
  name,
  arguments: text
})

const toText = (content: string | TextPart[]): string =>
  typeof content === 'string' ? content : content.map((part) => part.text).join('')

type UserContent = Extract<ChatMessage, { role: 'user' }>['content']

function toUserParts(content: UserContent, path: string): (TextPart | FilePart)[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return content.map((part, index) => {
    switch (part.type) {
      case 'text':
        return part
      case 'image_url':
        return toFile(part.image_url.url, 'image/*', `${path}.${index}.image_url.url`)
      case 'input_audio':
        return { type: 'file', mediaType: audioType(part.input_audio.format), data: { base64: part.input_audio.data } }
      case 'file':
        return {
          ...toFile(part.file.file_data, 'application/pdf', `${path}.${index}.file.file_data`),
          filename: part.file.filename
        }
    }
  })
}

const audioType = (format: string) => (format === 'mp3' ? 'audio/mpeg' : `audio/${format}`)

function toSettings(body: ChatCompletionBody): ModelSettings {
  const { stop, tool_choice: choice } = body
  return dropEmpty({
    maxOutputTokens: body.max_completion_tokens ?? body.max_tokens,
    temperature: body.temperature,
    topP: body.top_p,
    presencePenalty: body.presence_penalty,
    frequencyPenalty: body.frequency_penalty,
    seed: body.seed,
    stop: typeof stop === 'string' ? [stop] : stop,
    reasoningEffort: body.reasoning_effort,
    responseFormat: toFormat(body.response_format),
    toolChoice: typeof choice === 'object' && choice ? { name: choice.function.name } : choice
  })
}

function toFormat(format: ChatCompletionBody['response_format']): ModelSettings['responseFormat'] {
  if (!format || format.type === 'text') return undefined
  if (!('json_schema' in format)) return { type: 'json' }
  const { schema, name, description } = format.json_schema
  return { type: 'json', schema: schema as { [key: string]: Json } | undefined, name, description }
}

function toTools({ tools }: ChatCompletionBody): ToolSpec[] {
  return (tools ?? []).map(({ function: { name, description, parameters, strict } }) => ({
    name,
    description,
    parameters: (parameters ?? { type: 'object', properties: {} }) as ToolSpec['parameters'],
    strict: strict ?? undefined
  }))
}
