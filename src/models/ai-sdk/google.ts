import { googleEmbeddings } from '../google-wire/embeddings.ts'
import { listGoogle } from '../list.ts'
import type { ProviderType } from '../provider-type.ts'
import { aiSdkProvider } from './provider.ts'

/** Google's Gemini API. */
export const google: ProviderType = {
  keyVariable: 'GOOGLE_GENERATIVE_AI_API_KEY',
  usualModel: 'gemini-flash-latest',
  create({ id, timeoutMs, apiKey = '', baseURL = GOOGLE }) {
    return aiSdkProvider({
      id,
      timeoutMs,
      async open() {
        const { createGoogleGenerativeAI } = await import('@ai-sdk/google')
        const provider = createGoogleGenerativeAI({ apiKey, baseURL })
        return (model) => provider(model)
      },
      list: (signal) =>
        listGoogle({
          providerId: id,
          url: `${baseURL}/models?pageSize=1000`,
          headers: { 'x-goog-api-key': apiKey },
          signal
        })
    })
  },
  embed: (options) => googleEmbeddings(options, options.baseURL ?? GOOGLE)
}

const GOOGLE = 'https://generativelanguage.googleapis.com/v1beta'
