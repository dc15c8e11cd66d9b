import { setImmediate } from 'node:timers/promises'
import type { Embedded } from '../../../src/embeddings/port.ts'
import { toBase64 } from '../../../src/embeddings/vectors.ts'

export interface EmbeddingOptions {
  /** The model, as the client named it. */
  model: string
  format: 'float' | 'base64'
}

/** Numbers written before others get their turn: some two milliseconds. */
const SLICE = 8192

/**
 * Encodes vectors as the JSON that `EmbeddingList` describes. A large answer takes seconds of computing, so that it is
 * written in slices, between which other requests are served.
 */
export async function encodeEmbeddings({ vectors, tokens }: Embedded, options: EmbeddingOptions): Promise<Buffer> {
  const slices = [Buffer.from('{"object":"list","data":[')]
  let slice = ''
  let written = 0
  for (const [index, vector] of vectors.entries()) {
    slice += `${index > 0 ? ',' : ''}{"object":"embedding","index":${index},"embedding":${toJson(vector, options.format)}}`
    written += vector.length
    if (written < SLICE) continue
    slices.push(Buffer.from(slice))
    slice = ''
    written = 0
    await setImmediate()
  }
  const usage = JSON.stringify({ prompt_tokens: tokens, total_tokens: tokens })
  slices.push(Buffer.from(`${slice}],"model":${JSON.stringify(options.model)},"usage":${usage}}`))
  return Buffer.concat(slices)
}

const toJson = (vector: Float32Array, format: 'float' | 'base64'): string =>
  format === 'base64' ? `"${toBase64(vector)}"` : `[${vector.join(',')}]`
