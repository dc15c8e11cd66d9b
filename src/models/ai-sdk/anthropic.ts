import { listOpenAi } from '../list.ts'
import type { ModelRequest } from '../port.ts'
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
      adapt: (request) => withoutThinking(withJsonAsked(request)),
      options: ({ parallelToolCalls }) => ({
        anthropic: parallelToolCalls === false ? { disableParallelToolUse: true } : {}
      }),
      list: (signal) => listOpenAi({ providerId: id, url: `${baseURL}/models?limit=1000`, headers, signal })
    })
  }
}

/** It has no word for JSON that follows no schema. */
function withJsonAsked(request: ModelRequest): ModelRequest {
  const { messages, settings } = request
  if (!settings.responseFormat || settings.responseFormat.schema) return request
  return { ...request, messages: [{ role: 'system', content: JSON_ASKED }, ...messages] }
}

const JSON_ASKED = 'Answer with one JSON object and nothing else: no words around it, and no code fence.'

/**
 * With thinking on, an answer that goes on after calls of tools has to begin with the signed thoughts that led to them,
 * which neither clients nor the store hold.
 *
 * @see https://docs.claude.com/en/docs/build-with-claude/extended-thinking#extended-thinking-with-tool-use
 */
function withoutThinking(request: ModelRequest): ModelRequest {
  if (request.messages.at(-1)?.role !== 'tool') return request
  return { ...request, settings: { ...request.settings, reasoningEffort: undefined } }
}
