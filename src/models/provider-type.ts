import type { ModelProvider } from './port.ts'

export interface ProviderOptions {
  /** The provider's id in the configuration; it names the provider in errors. */
  id: string
  baseURL?: string
  apiKey?: string
  /** Longest silence, in milliseconds, before the first byte and between two. */
  timeoutMs: number
}

/** A kind of provider: one of these, in a file of its own, is all a new wire format takes. */
export interface ProviderType {
  /** Environment variable that holds its key where the configuration has none. */
  keyVariable?: string
  /** The model of an agent that names none, where the configuration lists none. */
  usualModel?: string
  create(options: ProviderOptions): ModelProvider
  /** Left out where a provider of this type has no models that embed. */
  embed?(options: ProviderOptions): EmbeddingApi
}

export interface EmbeddingBatch {
  /** The model's id at its provider. */
  model: string
  /** At least one, at most `batchSize`; none is empty. */
  texts: string[]
  /** Asks for shorter vectors. Left out: as long as the model makes them. */
  dimensions?: number
}

/** How a provider embeds one batch of texts. */
export interface EmbeddingApi {
  /** Most texts of one call. */
  readonly batchSize: number
  /**
   * One vector for each text, in their order, as the provider gives them; and the tokens, where it counts them.
   * Aborting the signal closes the connection and rejects with its reason.
   * @throws GatewayError as `ModelProvider.stream` does
   */
  embed(batch: EmbeddingBatch, signal: AbortSignal): Promise<{ vectors: Float32Array[]; tokens: number | undefined }>
}
