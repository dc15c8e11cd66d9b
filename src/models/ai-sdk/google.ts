import { googleEmbeddings } from '../google-wire/embeddings.ts'
import { listGoogle } from '../list.ts'
import type { FilePart, TextPart } from '../message.ts'
import type { ModelRequest } from '../port.ts'
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
      adapt: withKinds,
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

/** It wants to be told of which type an image is that it fetches by its address; most addresses tell by how they end. */
function withKinds(request: ModelRequest): ModelRequest {
  const messages = request.messages.map((message) =>
    message.role === 'user' ? { ...message, content: message.content.map(withKind) } : message
  )
  return { ...request, messages }
}

function withKind(part: TextPart | FilePart): TextPart | FilePart {
  if (part.type === 'text' || part.mediaType !== 'image/*' || !('url' in part.data)) return part
  const [, ending = ''] = /\.([a-z]+)$/i.exec(new URL(part.data.url).pathname) ?? []
  return { ...part, mediaType: IMAGES[ending.toLowerCase()] ?? 'image/jpeg' }
}

const IMAGES: Record<string, string> = { png: 'image/png', webp: 'image/webp', gif: 'image/gif', heic: 'image/heic' }
