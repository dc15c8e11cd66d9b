import type {
  JSONSchema7,
  LanguageModelV4CallOptions,
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  SharedV4ProviderOptions
} from '@ai-sdk/provider'
import type { Json } from '../../json.ts'
import type { FilePart, Message, ReasoningPart, TextPart, ToolCallPart, ToolResultPart } from '../message.ts'
import type { ModelRequest, ResponseFormat, ToolChoice, ToolSpec } from '../port.ts'

/**
 * Our request in the words of the AI SDK's language-model interface, version 4.
 * @param providerOptions what that interface has no words for, in those of the provider's package
 */
export function callOptions(
  { messages, tools = [], settings, traceparent }: ModelRequest,
  abortSignal: AbortSignal,
  providerOptions?: SharedV4ProviderOptions
): LanguageModelV4CallOptions {
  const { maxOutputTokens, temperature, topP, presencePenalty, frequencyPenalty, seed } = settings
  const { stop, responseFormat, reasoningEffort, toolChoice } = settings
  return {
    maxOutputTokens,
    temperature,
    topP,
    presencePenalty,
    frequencyPenalty,
    seed,
    prompt: toPrompts(messages),
    stopSequences: stop,
    responseFormat: toFormat(responseFormat),
    reasoning: reasoningEffort,
    providerOptions,
    ...(tools.length > 0 && { tools: tools.map(toTool), toolChoice: toChoice(toolChoice) }),
    ...(traceparent !== undefined && { headers: { traceparent } }),
    abortSignal
  }
}

function toFormat(format: ResponseFormat | undefined): LanguageModelV4CallOptions['responseFormat'] {
  if (!format) return undefined
  const { type, schema, name, description } = format
  return { type, schema: schema as JSONSchema7 | undefined, name, description }
}

/** Results of calls that were made at once are one message: some providers refuse them one by one. */
function toPrompts(messages: Message[]): LanguageModelV4Message[] {
  const prompts: LanguageModelV4Message[] = []
  for (const message of messages) {
    const prompt = toPrompt(message)
    const last = prompts.at(-1)
    if (prompt.role === 'tool' && last?.role === 'tool') last.content.push(...prompt.content)
    else prompts.push(prompt)
  }
  return prompts
}

function toPrompt(message: Message): LanguageModelV4Message {
  switch (message.role) {
    case 'system':
      return { role: 'system', content: message.content }
    case 'user':
      return { role: 'user', content: message.content.map((part) => (part.type === 'text' ? part : toFile(part))) }
    case 'assistant':
      return {
        role: 'assistant',
        content: message.content.flatMap(toAnswerPart)
      }
    case 'tool':
      return { role: 'tool', content: message.content.map(toResult) }
  }
}

/** Thoughts go back to none of these: they would have to be signed. */
function toAnswerPart(part: TextPart | ReasoningPart | ToolCallPart) {
  if (part.type === 'reasoning') return []
  return [part.type === 'tool_call' ? toCall(part) : part]
}

const toFile = ({ mediaType, data, filename, detail }: FilePart): LanguageModelV4FilePart => ({
  type: 'file',
  mediaType,
  filename,
  data: 'url' in data ? { type: 'url', url: new URL(data.url) } : { type: 'data', data: data.base64 },
  ...(detail !== undefined && { providerOptions: { openai: { imageDetail: detail } } })
})

const toCall = (part: ToolCallPart) => ({
  type: 'tool-call' as const,
  toolCallId: part.callId,
  toolName: part.name,
  input: parsed(part.arguments)
})

const toResult = ({ callId, name, output }: ToolResultPart) => ({
  type: 'tool-result' as const,
  toolCallId: callId,
  toolName: name,
  output:
    typeof output === 'string' ? { type: 'text' as const, value: output } : { type: 'json' as const, value: output }
})

const toTool = ({ name, description, parameters, strict }: ToolSpec) => ({
  type: 'function' as const,
  name,
  description,
  inputSchema: parameters as JSONSchema7,
  strict
})

function toChoice(choice: ToolChoice | undefined): LanguageModelV4CallOptions['toolChoice'] {
  if (choice === undefined) return undefined
  return typeof choice === 'string' ? { type: choice } : { type: 'tool', toolName: choice.name }
}

/** A model may have written arguments that are not JSON: the conversation still has to go back as it was. */
function parsed(text: string): Json {
  try {
    return JSON.parse(text || '{}') as Json
  } catch {
    return text
  }
}
