/** What an embedding model is asked for. */
export interface EmbeddingRequest {
  /** The texts, in the order of the answer; none is empty. */
  texts: string[]
  /** Shortens the vectors to this many numbers. At most the model's own; left out: all of them. */
  dimensions?: number
}

/** One vector for each text, in their order, each of length 1 (so that a dot product is the cosine). */
export interface Embedded {
  vectors: Float32Array[]
  /** Tokens that were read, as the provider counts them; estimated where it does not. */
  tokens: number
}

/** A model that turns texts into vectors, ready to be called. */
export interface Embedder {
  /** Names the model and thereby the space of its vectors, as `local/embed`: vectors of two ids cannot be compared. */
  readonly id: string
  readonly providerId: string
  readonly model: string
  /** Numbers of a vector; undefined until the first answer of a model whose configuration does not tell. */
  readonly dimensions: number | undefined
  /**
   * Embeds any number of texts; they go out in batches. Aborting the signal rejects with its reason.
   * @throws GatewayError as `ModelProvider.stream` does; `invalid_request` for more dimensions than there are
   */
  embed(request: EmbeddingRequest, signal: AbortSignal): Promise<Embedded>
}

/** All embedding models there are. */
export interface Embedders {
  /** The one that memory uses; undefined with `embeddings: false`. */
  readonly usual: Embedder | undefined
  /**
   * A model by the name a client gives: `provider/model`, or a model id that one provider alone has.
   * @throws GatewayError `model_not_found`
   */
  find(name: string): Embedder
  /** All that can be named, the usual one first. */
  list(): Embedder[]
  /** Ends the workers. Calls that are under way are rejected. */
  close(): Promise<void>
}
