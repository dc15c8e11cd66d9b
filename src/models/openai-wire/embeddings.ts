import { fromBase64 } from '../../embeddings/vectors.ts'
import { GatewayError } from '../../errors.ts'
import { notUnderstood } from '../failures.ts'
import { openJsonClient } from '../http/client.ts'
import type { EmbeddingApi, EmbeddingBatch, ProviderOptions } from '../provider-type.ts'
import { askJson } from './ask.ts'

/** What is read of the answer; servers send more, and some leave out the index or the usage. */
interface Answer {
  data?: { index?: unknown; embedding?: unknown }[]
  usage?: { prompt_tokens?: unknown; total_tokens?: unknown } | null
}

/**
 * `POST /embeddings` as OpenAI defines it. It asks for base64, a third of the bytes and no numbers to parse; of a server
 * that does not know it the answer holds numbers, and of one that refuses it they are asked for.
 */
export function openAiEmbeddings({ id, apiKey, timeoutMs }: ProviderOptions, baseURL: string): EmbeddingApi {
  const headers: Record<string, string> = apiKey ? { authorization: `Bearer ${apiKey}` } : {}
  const client = openJsonClient(baseURL, { accept: 'application/json', ...headers })
  let format = 'base64'

  function ask({ model, texts, dimensions }: EmbeddingBatch, signal: AbortSignal): Promise<unknown> {
    const body = { model, input: texts, encoding_format: format, dimensions }
    return askJson({ providerId: id, client, path: '/embeddings', body, timeoutMs }, signal)
  }

  return {
    batchSize: 128,
    async embed(batch, signal) {
      try {
        return readAnswer(await ask(batch, signal), batch.texts.length, id)
      } catch (error) {
        if (format === 'float' || !refusesFormat(error)) throw error
        format = 'float'
        return readAnswer(await ask(batch, signal), batch.texts.length, id)
      }
    }
  }
}

const refusesFormat = (error: unknown): boolean =>
  error instanceof GatewayError && error.code === 'invalid_request' && /encoding_format|base64/.test(error.message)

function readAnswer(answer: unknown, count: number, providerId: string): Awaited<ReturnType<EmbeddingApi['embed']>> {
  const { data, usage } = (answer ?? {}) as Answer
  if (!Array.isArray(data) || data.length !== count) throw notUnderstood(providerId)
  const vectors: Float32Array[] = []
  for (const [position, item] of data.entries()) {
    const index = item?.index ?? position
    const vector = readVector(item?.embedding)
    if (!vector || typeof index !== 'number' || !(index in data) || vectors[index]) throw notUnderstood(providerId)
    vectors[index] = vector
  }
  const tokens = usage?.prompt_tokens ?? usage?.total_tokens
  return { vectors, tokens: typeof tokens === 'number' ? tokens : undefined }
}

function readVector(embedding: unknown): Float32Array | undefined {
  if (typeof embedding === 'string') return fromBase64(embedding)
  return Array.isArray(embedding) && embedding.length > 0 ? Float32Array.from(embedding as number[]) : undefined
}
