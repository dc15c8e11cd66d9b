import { setTimeout as wait } from 'node:timers/promises'
import type { Embedder } from '../embeddings/port.ts'
import { GatewayError } from '../errors.ts'
import type { MemoryEntry, MemoryStore } from '../storage/port.ts'

export interface IndexerOptions {
  store: MemoryStore
  /** Whose vectors all entries are to have. */
  embedder: Embedder
  /** Entries could not be embedded; they are tried again. Called once until it works again. */
  onFailure(error: unknown): void
}

interface Fresh extends Pick<MemoryEntry, 'id' | 'content'> {
  done(): void
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
  #fresh: Fresh[] = []
  /** The last entry from before that was looked at. */
  #after: string | undefined
  #refused = 0
  #working: Promise<void> | undefined
  #failing = false
  /** Entries from before have no vector yet. */
  #behind = false
  /** Models whose vectors are searched until those of the new one are complete. */
  #earlier: string[] = []
  /** Those who wait until all is embedded; a failure is told to them. */
  readonly #flushing = new Set<(error: unknown) => void>()
  #wakeRetry: (() => void) | undefined

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

  /** Entries that the model refused, as too long for it; they are found by their words alone. */
  get refused(): number {
    return this.#refused
  }

  /** Embeds a new entry. Resolves when it has its vector, or when that has to be tried again. */
  add({ id, content }: MemoryEntry): Promise<void> {
    return new Promise((done) => {
      this.#fresh.push({ id, content, done })
      void this.#work()
      if (this.#failing) done()
    })
  }

  /** Whether nothing is left to do: an entry without a vector is one that the model refused. */
  get idle(): boolean {
    return !this.#working
  }

  /**
   * Resolves once every entry has a vector, or was refused; what was refused before is tried again. Rejects with why
   * entries could not be embedded, at the first failure, and with the signal's reason.
   */
  async flush(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { promise: failed, reject } = Promise.withResolvers<never>()
    const leave = () => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    this.#flushing.add(reject)
    try {
      if (!this.#working) this.#lookAgain()
      this.#wakeRetry?.()
      await Promise.race([this.#work(), failed])
    } finally {
      this.#flushing.delete(reject)
      signal.removeEventListener('abort', leave)
    }
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
      const fresh = this.#fresh.splice(0, BATCH)
      try {
        const batch = fresh.length > 0 ? fresh : await this.#nextFromBefore()
        if (batch.length === 0) return
        await this.#embed(batch)
        this.#failing = false
        retryMs = FIRST_RETRY_MS
      } catch (thrown) {
        const error = isTimeout(thrown) ? tooLong(thrown) : thrown
        this.#lookAgain()
        if (this.#stop.signal.aborted) return
        if (!this.#failing) this.#options.onFailure(error)
        this.#failing = true
        for (const { done } of [...fresh, ...this.#fresh]) done()
        for (const fail of this.#flushing) fail(error)
        await this.#waitForRetry(retryMs)
        retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2)
      } finally {
        for (const { done } of fresh) done()
      }
    }
  }

  async #waitForRetry(ms: number): Promise<void> {
    const woken = new AbortController()
    this.#wakeRetry = () => woken.abort()
    const signal = AbortSignal.any([this.#stop.signal, woken.signal])
    await wait(ms, undefined, { signal, ref: false }).catch(() => {})
    this.#wakeRetry = undefined
  }

  #lookAgain(): void {
    this.#behind = true
    this.#after = undefined
    this.#refused = 0
  }

  async #nextFromBefore(): Promise<Pick<MemoryEntry, 'id' | 'content'>[]> {
    const { store, embedder } = this.#options
    if (this.#behind) {
      const batch = await store.unembedded(embedder.id, BATCH, this.#after)
      if (batch.length > 0) {
        this.#after = batch.at(-1)?.id
        return batch
      }
      this.#behind = false
    }
    for (const model of this.#earlier) await store.dropSpace(model)
    this.#earlier = []
    return []
  }

  /** A text that the model refuses is left out, and takes none of its neighbours with it. */
  async #embed(batch: Pick<MemoryEntry, 'id' | 'content'>[]): Promise<void> {
    const { store, embedder } = this.#options
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(BATCH_MS)])
    try {
      const { vectors } = await embedder.embed({ texts: batch.map(({ content }) => content) }, signal)
      await store.addVectors(
        embedder.id,
        batch.map(({ id }, index) => ({ id, values: vectors[index] as Float32Array }))
      )
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'invalid_request') throw error
      if (batch.length === 1) this.#refused++
      else for (const entry of batch) await this.#embed([entry])
    }
  }
}

const isTimeout = (error: unknown) => error instanceof DOMException && error.name === 'TimeoutError'
const tooLong = (cause: unknown) =>
  new GatewayError('provider_timeout', `The embedding model took longer than ${BATCH_MS / 1000} s`, { cause })
