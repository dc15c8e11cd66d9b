import { setImmediate } from 'node:timers/promises'
import type { Embedded } from '../../../src/embeddings/port.ts'
import { toBase64 } from '../../../src/embeddings/vectors.ts'

export interface EmbeddingOptions {
  /** The model, as the client named it. */
  model: string
  format: 'float' | 'base64'
}

/** Numbers written before others get their turn: some two milliseconds. */
const SLICE = 4096

/**
 * Encodes vectors as the JSON that `EmbeddingList` describes. A large answer is tens of megabytes and a second of
 * computing, so that it comes in slices, between which other requests are served.
 */
export async function* encodeEmbeddings(
  { vectors, tokens }: Embedded,
  { model, format }: EmbeddingOptions
): AsyncGenerator<string> {
  let slice = '{"object":"list","data":['
  let written = 0
  for (const [index, vector] of vectors.entries()) {
    slice += `${index > 0 ? ',' : ''}{"object":"embedding","index":${index},"embedding":${toJson(vector, format)}}`
    written += vector.length
    if (written < SLICE) continue
    yield slice
    await setImmediate()
    slice = ''
    written = 0
  }
  const usage = { prompt_tokens: tokens, total_tokens: tokens }
  yield `${slice}],"model":${JSON.stringify(model)},"usage":${JSON.stringify(usage)}}`
}

const toJson = (vector: Float32Array, format: 'float' | 'base64'): string =>
  format === 'base64' ? `"${toBase64(vector)}"` : `[${vector.join(',')}]`
