import { listOpenAi } from '../list.ts'
import { openAiEmbeddings } from '../openai-wire/embeddings.ts'
import type { ProviderType } from '../provider-type.ts'
import { aiSdkProvider } from './provider.ts'

/** OpenAI itself, over its Responses API. */
export const openai: ProviderType = {
  keyVariable: 'OPENAI_API_KEY',
  usualModel: 'gpt-5.4-mini',
  create({ id, timeoutMs, apiKey = '', baseURL = OPENAI }) {
    return aiSdkProvider({
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
      list: (signal) =>
        listOpenAi({ providerId: id, url: `${baseURL}/models`, headers: { authorization: `Bearer ${apiKey}` }, signal })
    })
  },
  embed: (options) => openAiEmbeddings(options, options.baseURL ?? OPENAI)
}

const OPENAI = 'https://api.openai.com/v1'
