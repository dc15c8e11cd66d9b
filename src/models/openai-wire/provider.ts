import { GatewayError } from '../../errors.ts'
import { tooSilent, unreachable } from '../failures.ts'
import type { Response } from '../http/response.ts'
import { openJsonClient } from '../http/client.ts'
import { listOpenAi } from '../list.ts'
import type { ModelEvent, ModelProvider, ModelRequest } from '../port.ts'
import type { ProviderOptions, ProviderType } from '../provider-type.ts'
import { watchSilence } from '../silence.ts'
import { ChunkReader } from './chunks.ts'
import { openAiEmbeddings } from './embeddings.ts'
import type { WireReader } from './reader.ts'
import { refusal } from './refusal.ts'
import { type LimitField, toBody } from './request.ts'
import { WholeReader } from './whole.ts'

/** Any server that speaks OpenAI's chat completions. */
export const openaiCompatible: ProviderType = {
  create: (options) => openAiWire(options, options.baseURL ?? ''),
  embed: (options) => openAiEmbeddings(options, options.baseURL ?? '')
}

/** Ollama, over the OpenAI-compatible part of its API. */
export const ollama: ProviderType = {
  create: (options) => openAiWire(options, options.baseURL ?? OLLAMA),
  embed: (options) => openAiEmbeddings(options, options.baseURL ?? OLLAMA)
}

const OLLAMA = 'http://127.0.0.1:11434/v1'

/** A whole answer is silent until it is there. */
const WHOLE_TIMES = 5

/**
 * A provider that reads the wire itself: a chunk costs a seventh of what it costs through a provider package, whose
 * web streams and schema validation are for every provider there is.
 */
export function openAiWire(
  { id, apiKey, timeoutMs }: ProviderOptions,
  baseURL: string,
  limit: LimitField = 'max_tokens'
): ModelProvider {
  const headers: Record<string, string> = apiKey ? { authorization: `Bearer ${apiKey}` } : {}
  const client = openJsonClient(baseURL, { accept: 'text/event-stream', ...headers })

  async function* stream(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelEvent[]> {
    const limitMs = request.passOn === 'whole' ? timeoutMs * WHOLE_TIMES : timeoutMs
    using silence = watchSilence(limitMs, signal, () => tooSilent(id, limitMs))
    let response: Response | undefined
    const reader: WireReader = request.passOn === 'whole' ? new WholeReader(id, request) : new ChunkReader(id, request)
    try {
      const { traceparent } = request
      response = await client.post('/chat/completions', {
        body: toBody(request, limit),
        headers: traceparent === undefined ? undefined : { traceparent },
        signal: silence.signal
      })
      if (response.status !== 200) throw await refusal(response, id, request.messages)
      for (let text = await response.read(); text !== undefined; text = await response.read()) {
        silence.heard()
        const { events, failure } = reader.read(text)
        if (events.length > 0) yield events
        if (failure) throw failure
        if (reader.done) break
      }
      yield reader.finish()
    } catch (error) {
      if (!signal.aborted) yield reader.spent
      silence.signal.throwIfAborted()
      throw error instanceof GatewayError ? error : unreachable(id, error)
    } finally {
      response?.leave(reader.done)
    }
  }

  return { stream, list: (signal) => listOpenAi({ providerId: id, url: `${baseURL}/models`, headers, signal }) }
}
