import { setTimeout as wait } from 'node:timers/promises'
import type { Embedder } from '../embeddings/port.ts'
import type { MemoryEntry, MemoryStore } from '../storage/port.ts'

export interface IndexerOptions {
  store: MemoryStore
  /** Whose vectors all entries are to have. */
  embedder: Embedder
  /** Entries could not be embedded; they are tried again. Called once until it works again. */
  onFailure(error: unknown): void
}

const BATCH = 32
const BATCH_MS = 120_000
const FIRST_RETRY_MS = 1000
const LONGEST_RETRY_MS = 60_000

/**
 * Sees to it that every entry has a vector of the embedding model, beside everything else: new entries at once, and all
 * others when the model has changed. The vectors of the model before are kept, and searched, until it is done.
 */
export class Indexer {
  readonly #options: IndexerOptions
  readonly #stop = new AbortController()
  #fresh: Pick<MemoryEntry, 'id' | 'content'>[] = []
  #working: Promise<void> | undefined
  #failing = false
  /** Entries from before have no vector yet. */
  #behind = false
  /** Models whose vectors are searched until those of the new one are complete. */
  #earlier: string[] = []

  constructor(options: IndexerOptions) {
    this.#options = options
  }

  /** Whether all entries have a vector of the model; else the newest model that all entries had one of, if any. */
  get complete(): boolean {
    return !this.#behind
  }

  get earlier(): readonly string[] {
    return this.#earlier
  }

  /** Looks what there is to do, and begins. */
  async start(): Promise<void> {
    const { store, embedder } = this.#options
    const [total, spaces] = await Promise.all([store.count(), store.spaces()])
    const own = spaces.find(({ model }) => model === embedder.id)?.entries ?? 0
    this.#earlier = spaces
      .filter(({ model }) => model !== embedder.id)
      .map(({ model }) => model)
      .toReversed()
    this.#behind = own < total
    if (this.#behind || this.#earlier.length > 0) void this.#work()
  }

  /** Embeds a new entry. Resolves when it has its vector, or when that has to be tried again. */
  add({ id, content }: MemoryEntry): Promise<void> {
    this.#fresh.push({ id, content })
    const embedded = this.#work()
    return this.#failing ? Promise.resolve() : embedded
  }

  /** Ends what goes on; resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'))
    await this.#working
  }

  #work(): Promise<void> {
    return (this.#working ??= this.#embedAll().finally(() => (this.#working = undefined)))
  }

  async #embedAll(): Promise<void> {
    let retryMs = FIRST_RETRY_MS
    while (!this.#stop.signal.aborted) {
      try {
        const batch = await this.#nextBatch()
        if (batch.length === 0) return
        await this.#embed(batch)
        this.#failing = false
        retryMs = FIRST_RETRY_MS
      } catch (error) {
        this.#behind = true
        if (this.#stop.signal.aborted) return
        if (!this.#failing) this.#options.onFailure(error)
        this.#failing = true
        await wait(retryMs, undefined, { signal: this.#stop.signal, ref: false }).catch(() => {})
        retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2)
      }
    }
  }

  async #nextBatch(): Promise<Pick<MemoryEntry, 'id' | 'content'>[]> {
    if (this.#fresh.length > 0) return this.#fresh.splice(0, BATCH)
    const { store, embedder } = this.#options
    if (this.#behind) {
      const batch = await store.unembedded(embedder.id, BATCH)
      if (batch.length > 0) return batch
      this.#behind = false
    }
    for (const model of this.#earlier) await store.dropSpace(model)
    this.#earlier = []
    return []
  }

  async #embed(batch: Pick<MemoryEntry, 'id' | 'content'>[]): Promise<void> {
    const { store, embedder } = this.#options
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(BATCH_MS)])
    const { vectors } = await embedder.embed({ texts: batch.map(({ content }) => content) }, signal)
    await store.addVectors(
      embedder.id,
      batch.map(({ id }, index) => ({ id, values: vectors[index] as Float32Array }))
    )
  }
}
