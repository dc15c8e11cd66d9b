import { listOpenAi } from '../list.ts'
import type { ProviderOptions, ProviderType } from '../provider-type.ts'
import type { ModelProvider } from '../port.ts'
import { aiSdkProvider } from './provider.ts'

/** Any server that speaks OpenAI's chat completions. */
export const openaiCompatible: ProviderType = { create: (options) => compatible(options, options.baseURL ?? '') }

/** Ollama, over the OpenAI-compatible part of its API. */
export const ollama: ProviderType = {
  create: (options) => compatible(options, options.baseURL ?? 'http://127.0.0.1:11434/v1')
}

function compatible({ id, timeoutMs, apiKey }: ProviderOptions, baseURL: string): ModelProvider {
  const headers: Record<string, string> = apiKey ? { authorization: `Bearer ${apiKey}` } : {}
  return aiSdkProvider({
    id,
    timeoutMs,
    async open() {
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
      const provider = createOpenAICompatible({
        name: id,
        baseURL,
        apiKey,
        includeUsage: true,
        supportsStructuredOutputs: true
      })
      return (model) => provider(model)
    },
    list: (signal) => listOpenAi({ providerId: id, url: `${baseURL}/models`, headers, signal })
  })
}
