import type {
  LanguageModelV4,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
  SharedV4ProviderOptions
} from '@ai-sdk/provider'
import type { Usage } from '../../turns/event.ts'
import { endedEarly, tooSilent } from '../failures.ts'
import type { ListedModel, ModelEvent, ModelFinish, ModelProvider, ModelRequest, ModelSettings } from '../port.ts'
import { watchSilence } from '../silence.ts'
import { providerError } from './errors.ts'
import { callOptions } from './prompt.ts'

/** What a provider package of the AI SDK has to bring to become a provider here. */
export interface AiSdkPackage {
  id: string
  /** Longest silence of the provider, in milliseconds. */
  timeoutMs: number
  /** Loads the package (at its first use: they are slow to load) and makes its models. */
  open(): Promise<(model: string) => LanguageModelV4>
  list(signal: AbortSignal): Promise<ListedModel[]>
  /** A request as this provider takes it. Left out: as it is. */
  adapt?(request: ModelRequest): ModelRequest
  /** Settings that only this package has words for. Left out: none. */
  options?(settings: ModelSettings): SharedV4ProviderOptions
}

/** A provider over `doStream` of the AI SDK's language-model interface, version 4. */
export function aiSdkProvider({
  id,
  timeoutMs,
  open,
  list,
  adapt = (request) => request,
  options
}: AiSdkPackage): ModelProvider {
  let opened: ReturnType<typeof open> | undefined

  async function* stream(asked: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent[]> {
    const request = adapt(asked)
    const model = (await (opened ??= open()))(request.model)
    using silence = watchSilence(timeoutMs, signal, () => tooSilent(id, timeoutMs))
    try {
      const { stream: parts } = await model.doStream(callOptions(request, silence.signal, options?.(request.settings)))
      const calls = new OpenCalls()
      // Leaving this loop, however, cancels the stream and with it the request.
      for await (const part of parts) {
        silence.heard()
        const event = toEvent(part, calls)
        if (event) yield [event]
        if (event?.type === 'finish') return
      }
      throw endedEarly(id)
    } catch (error) {
      silence.signal.throwIfAborted()
      throw providerError(error, id, request.messages)
    }
  }

  return { stream, list }
}

/** Which calls came in fragments: some providers send them whole, some in parts and then whole once more. */
class OpenCalls {
  readonly #names = new Map<string, string>()
  start(callId: string, name: string): void {
    this.#names.set(callId, name)
  }
  nameOf(callId: string): string | undefined {
    return this.#names.get(callId)
  }
}

function toEvent(part: LanguageModelV4StreamPart, calls: OpenCalls): ModelEvent | undefined {
  switch (part.type) {
    case 'text-delta':
      return part.delta ? { type: 'text', delta: part.delta } : undefined
    case 'reasoning-delta':
      return part.delta ? { type: 'reasoning', delta: part.delta } : undefined
    case 'tool-input-start':
      if (part.providerExecuted) return undefined
      calls.start(part.id, part.toolName)
      return { type: 'tool_call', callId: part.id, name: part.toolName, delta: '' }
    case 'tool-input-delta': {
      const name = calls.nameOf(part.id)
      return name === undefined ? undefined : { type: 'tool_call', callId: part.id, name, delta: part.delta }
    }
    case 'tool-call':
      if (part.providerExecuted || calls.nameOf(part.toolCallId) !== undefined) return undefined
      return { type: 'tool_call', callId: part.toolCallId, name: part.toolName, delta: part.input }
    case 'finish': {
      const reason = finishReason(part.finishReason)
      const usage = toUsage(part.usage)
      return reason ? { type: 'finish', reason, usage } : { type: 'usage', usage }
    }
    case 'error':
      throw part.error
    default:
      return undefined
  }
}

type Finish = Extract<LanguageModelV4StreamPart, { type: 'finish' }>['finishReason']

/** @returns undefined for an answer that broke off */
function finishReason({ unified, raw }: Finish): ModelFinish | undefined {
  if (unified === 'tool-calls') return 'tool_calls'
  if (unified === 'content-filter') return 'content_filter'
  if (unified === 'stop' || unified === 'length') return unified
  if (raw === undefined || unified === 'error' || unified === 'interrupted') return undefined
  return 'stop'
}

const toUsage = ({ inputTokens, outputTokens }: LanguageModelV4Usage): Usage => ({
  input: inputTokens.total ?? 0,
  output: outputTokens.total ?? 0,
  ...(inputTokens.cacheRead ? { cachedInput: inputTokens.cacheRead } : {}),
  ...(outputTokens.reasoning ? { reasoning: outputTokens.reasoning } : {})
})
