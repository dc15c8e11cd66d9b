import { GatewayError } from '../errors.ts'
import { notUnderstood } from '../models/failures.ts'
import type { ProviderHealth } from '../models/health.ts'
import type { EmbeddingApi } from '../models/provider-type.ts'
import { retrying } from '../models/retry.ts'
import { checkDimensions } from './dimensions.ts'
import type { Embedded, Embedder, EmbeddingRequest } from './port.ts'
import { normalise, shorten } from './vectors.ts'

export interface RemoteModel {
  providerId: string
  model: string
  api: EmbeddingApi
  /** Numbers of a vector, where the configuration tells. */
  dimensions?: number
  /** How often a call that failed is made again. */
  maxRetries: number
  /** Ends the calls that are under way. */
  closing: AbortSignal
  /** Is told how its calls end. */
  health?: ProviderHealth
}

/** Calls of one request at a time. */
const PARALLEL = 4
/** Characters of a token, for providers that do not count them. */
const CHARACTERS_PER_TOKEN = 4

/** An embedding model of a provider. Large requests go out in batches, a few at a time. */
export function remoteEmbedder({
  providerId,
  model,
  api,
  closing,
  health,
  maxRetries,
  ...configured
}: RemoteModel): Embedder {
  const id = `${providerId}/${model}`
  let own = configured.dimensions

  async function embed(request: EmbeddingRequest, caller: AbortSignal): Promise<Embedded> {
    checkDimensions(request.dimensions, own, id)
    const signal = AbortSignal.any([caller, closing])
    try {
      const embedded = await ask(request, signal)
      if (request.texts.length > 0) health?.worked(providerId, 'embedding')
      return embedded
    } catch (error) {
      if (!signal.aborted) health?.failed(providerId, 'embedding', error)
      throw error
    }
  }

  async function ask({ texts, dimensions }: EmbeddingRequest, signal: AbortSignal): Promise<Embedded> {
    // Servers refuse the parameter for models that cannot shorten, although it asks for nothing here.
    const asked = dimensions === own ? undefined : dimensions
    const batches = chunks(texts, api.batchSize)
    const answers = await inParallel(batches, signal, async (batch, signal) => {
      const call = () => api.embed({ model, texts: batch, dimensions: asked }, signal)
      const { vectors, tokens } = await retrying(call, { maxRetries, signal })
      return { vectors: finish(vectors, asked), tokens: tokens ?? estimate(batch) }
    })
    const vectors = answers.flatMap((answer) => answer.vectors)
    const length = sameLength(vectors)
    if (asked === undefined) own ??= length
    return { vectors, tokens: answers.reduce((sum, { tokens }) => sum + tokens, 0) }
  }

  /** Vectors of length 1, shortened here where the provider has not done it. */
  function finish(vectors: Float32Array[], asked: number | undefined): Float32Array[] {
    return vectors.map((vector) => {
      if (asked === undefined) checkOwn(vector.length)
      else if (vector.length < asked) throw notUnderstood(providerId)
      const finished = shorten(normalise(vector), asked)
      if (!finished.every(Number.isFinite)) throw notUnderstood(providerId)
      return finished
    })
  }

  /** What stored vectors are compared with must be of one length: a model that was changed behind its name is told. */
  function checkOwn(length: number): void {
    if (own === undefined || length === own) return
    throw new GatewayError('provider_failed', `The vectors of "${id}" have ${length} numbers, and were to have ${own}`)
  }

  function sameLength(vectors: Float32Array[]): number | undefined {
    const length = vectors[0]?.length
    if (vectors.some((vector) => vector.length !== length)) throw notUnderstood(providerId)
    return length
  }

  return {
    id,
    providerId,
    model,
    get dimensions() {
      return own
    },
    embed
  }
}

function estimate(texts: string[]): number {
  return texts.reduce((sum, text) => sum + Math.ceil(text.length / CHARACTERS_PER_TOKEN), 0)
}

function chunks<T>(items: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size)
  )
}

/** Works on a few items at a time, and gives the results in the items' order. The first failure ends the others. */
async function inParallel<T, R>(
  items: T[],
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<R>
): Promise<R[]> {
  const failure = new AbortController()
  const either = AbortSignal.any([signal, failure.signal])
  const results: R[] = []
  const left = items.entries()
  async function workOn(): Promise<void> {
    for (const [index, item] of left) {
      either.throwIfAborted()
      results[index] = await work(item, either)
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(PARALLEL, items.length) }, workOn))
  } catch (error) {
    failure.abort(error)
    throw error
  }
  return results
}
