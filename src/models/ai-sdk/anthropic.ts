import { listOpenAi } from '../list.ts'
import type { ProviderType } from '../provider-type.ts'
import { aiSdkProvider } from './provider.ts'

/** Anthropic's Messages API. */
export const anthropic: ProviderType = {
  keyVariable: 'ANTHROPIC_API_KEY',
  usualModel: 'claude-sonnet-5-5',
  create({ id, timeoutMs, apiKey = '', baseURL = 'https://api.anthropic.com/v1' }) {
    const headers = { 'x-api-key': apiKey, 'anthropic-version': '2023-06-01' }
    return aiSdkProvider({
      id,
      timeoutMs,
      async open() {
        const { createAnthropic } = await import('@ai-sdk/anthropic')
        const provider = createAnthropic({ apiKey, baseURL })
        return (model) => provider(model)
      },
      options: ({ parallelToolCalls }) => ({
        anthropic: parallelToolCalls === false ? { disableParallelToolUse: true } : {}
      }),
      list: (signal) => listOpenAi({ providerId: id, url: `${baseURL}/models?limit=1000`, headers, signal })
    })
  }
}
