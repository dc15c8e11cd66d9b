import type { FilePart, Message, TextPart } from '../message.ts'
import { partRefused } from '../refused-part.ts'
import type { ModelRequest, ModelSettings, ToolChoice, ToolSpec } from '../port.ts'

/** How the longest answer is given: OpenAI's own newer models know only the second. */
export type LimitField = 'max_tokens' | 'max_completion_tokens'

/**
 * Our request as the body of `POST /chat/completions`; what is undefined is left out of the JSON.
 * @throws GatewayError `invalid_request` for a file that it has no words for
 */
export function toBody({ model, messages, tools = [], settings, passOn }: ModelRequest, limit: LimitField): string {
  return JSON.stringify({
    model,
    messages: messages.flatMap((message) => toWire(message, limit === 'max_tokens')),
    [limit]: settings.maxOutputTokens,
    ...toParameters(settings),
    ...(tools.length > 0 && {
      tools: tools.map(toTool),
      tool_choice: toChoice(settings.toolChoice),
      parallel_tool_calls: settings.parallelToolCalls
    }),
    ...(passOn !== 'whole' && { stream: true, stream_options: { include_usage: true } })
  })
}

/**
 * One message as those it takes on the wire.
 * @param withReasoning whether what a model thought goes back to it, as servers ask for whose models think between calls of
 *   tools; OpenAI's own refuses it
 */
export function toWire(message: Message, withReasoning: boolean): object[] {
  switch (message.role) {
    case 'system':
      return [{ role: 'system', content: message.content, name: message.name }]
    case 'user':
      return [{ role: 'user', content: toContent(message.content), name: message.name }]
    case 'assistant':
      return [toAssistant(message, withReasoning)]
    case 'tool':
      return message.content.map(({ callId, output }) => ({
        role: 'tool',
        tool_call_id: callId,
        content: typeof output === 'string' ? output : JSON.stringify(output)
      }))
  }
}

function toContent(parts: (TextPart | FilePart)[]): unknown {
  const [only, another] = parts
  if (only?.type === 'text' && !another) return only.text // plain text is what every server understands
  return parts.map((part) => (part.type === 'text' ? part : toFile(part)))
}

function toFile(file: FilePart): object {
  const { mediaType, data, filename, detail } = file
  const url = 'url' in data ? data.url : `data:${mediaType};base64,${data.base64}`
  if (mediaType.startsWith('image/')) return { type: 'image_url', image_url: { url, detail } }
  if (mediaType.startsWith('audio/') && 'base64' in data) {
    const format = mediaType === 'audio/mpeg' ? 'mp3' : mediaType.slice('audio/'.length)
    return { type: 'input_audio', input_audio: { data: data.base64, format } }
  }
  if ('url' in data) throw partRefused(file, 'it takes files inline alone, as a data: URL')
  return { type: 'file', file: { file_data: url, filename } }
}

function toAssistant({ content, name }: Extract<Message, { role: 'assistant' }>, withReasoning: boolean): object {
  let text = ''
  let reasoning = ''
  const calls: object[] = []
  for (const part of content) {
    if (part.type === 'text') text += part.text
    else if (part.type === 'reasoning') reasoning += part.text
    else {
      calls.push({ id: part.callId, type: 'function', function: { name: part.name, arguments: part.arguments } })
    }
  }
  return {
    role: 'assistant',
    name,
    content: text || (calls.length > 0 ? null : ''),
    reasoning_content: (withReasoning && reasoning) || undefined,
    tool_calls: calls.length > 0 ? calls : undefined
  }
}

function toParameters(settings: ModelSettings): object {
  return {
    temperature: settings.temperature,
    top_p: settings.topP,
    stop: settings.stop,
    seed: settings.seed,
    presence_penalty: settings.presencePenalty,
    frequency_penalty: settings.frequencyPenalty,
    reasoning_effort: settings.reasoningEffort,
    response_format: toFormat(settings.responseFormat),
    logprobs: settings.logprobs,
    top_logprobs: settings.topLogprobs,
    ...settings.openai
  }
}

function toFormat(format: ModelSettings['responseFormat']): object | undefined {
  if (!format) return undefined
  if (!format.schema) return { type: 'json_object' }
  const { name = 'response', description, schema, strict } = format
  return { type: 'json_schema', json_schema: { name, description, schema, strict } }
}

const toTool = ({ name, description, parameters, strict }: ToolSpec) => ({
  type: 'function',
  function: { name, description, parameters, strict }
})

function toChoice(choice: ToolChoice | undefined): unknown {
  return typeof choice === 'object' ? { type: 'function', function: { name: choice.name } } : choice
}
