import { openAiEmbeddings } from '../openai-wire/embeddings.ts'
import { openAiWire } from '../openai-wire/provider.ts'
import type { ProviderType } from '../provider-type.ts'
import { aiSdkProvider } from './provider.ts'

/**
 * OpenAI itself, over its Responses API; and over its chat completions where that is what the client speaks, since only these
 * know `stop`, `seed`, the penalties and `logprobs`.
 */
export const openai: ProviderType = {
  keyVariable: 'OPENAI_API_KEY',
  usualModel: 'gpt-5.4-mini',
  create(options) {
    const { id, timeoutMs, apiKey = '', baseURL = OPENAI } = options
    const chat = openAiWire(options, baseURL, 'max_completion_tokens')
    const responses = aiSdkProvider({
      id,
      timeoutMs,
      async open() {
        const { createOpenAI } = await import('@ai-sdk/openai')
        const provider = createOpenAI({ apiKey, baseURL })
        return (model) => provider.responses(model)
      },
      options: ({ parallelToolCalls, responseFormat, openai: given = {} }) => ({
        openai: {
          parallelToolCalls,
          strictJsonSchema: responseFormat?.strict,
          user: given.user,
          metadata: given.metadata,
          serviceTier: given.service_tier,
          store: given.store,
          textVerbosity: given.verbosity,
          promptCacheKey: given.prompt_cache_key,
          safetyIdentifier: given.safety_identifier
        }
      }),
      list: chat.list
    })
    return { ...chat, stream: (request, signal) => (request.passOn ? chat : responses).stream(request, signal) }
  },
  embed: (options) => openAiEmbeddings(options, options.baseURL ?? OPENAI)
}

const OPENAI = 'https://api.openai.com/v1'
