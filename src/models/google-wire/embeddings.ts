import { notUnderstood } from '../failures.ts'
import { openJsonClient } from '../http/client.ts'
import { askJson } from '../openai-wire/ask.ts'
import type { EmbeddingApi, ProviderOptions } from '../provider-type.ts'

interface Answer {
  embeddings?: { values?: unknown }[]
}

/** `batchEmbedContents` of Google's Gemini API, which does not count tokens. */
export function googleEmbeddings({ id, apiKey = '', timeoutMs }: ProviderOptions, baseURL: string): EmbeddingApi {
  const client = openJsonClient(baseURL, { accept: 'application/json', 'x-goog-api-key': apiKey })
  return {
    batchSize: 32, // its vectors come as numbers in decimal, 3,072 of them: more would stop the event loop to parse
    async embed({ model, texts, dimensions }, signal) {
      const requests = texts.map((text) => ({
        model: `models/${model}`,
        content: { parts: [{ text }] },
        outputDimensionality: dimensions
      }))
      const path = `/models/${encodeURIComponent(model)}:batchEmbedContents`
      const answer = await askJson({ providerId: id, client, path, body: { requests }, timeoutMs }, signal)
      return { vectors: readAnswer(answer, texts.length, id), tokens: undefined }
    }
  }
}

function readAnswer(answer: unknown, count: number, providerId: string): Float32Array[] {
  const { embeddings } = (answer ?? {}) as Answer
  if (!Array.isArray(embeddings) || embeddings.length !== count) throw notUnderstood(providerId)
  return embeddings.map((embedding) => {
    const values = embedding?.values
    if (!Array.isArray(values) || values.length === 0) throw notUnderstood(providerId)
    return Float32Array.from(values as number[])
  })
}
