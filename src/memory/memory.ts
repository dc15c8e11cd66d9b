import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Embedder, Embedders } from '../embeddings/port.ts'
import { asGatewayError, GatewayError } from '../errors.ts'
import type { Events } from '../events/events.ts'
import type { MemoryEntry, MemoryQuery, MemoryStore } from '../storage/port.ts'
import { fuse, type Ranked } from './fuse.ts'
import { Indexer } from './indexer.ts'

export interface NewMemory extends Omit<MemoryEntry, 'id' | 'createdAt'> {}

/** An entry that fits a question. */
export interface FoundMemory extends MemoryEntry, Omit<Ranked, 'id'> {}

export interface MemorySearch extends Pick<MemoryQuery, 'clientId' | 'agentIds'> {
  query: string
  limit: number
}

export interface MemoryStats {
  totalEntries: number
  /** Of the embedding model: `off` without one, `indexing` while entries have no vector of it yet. */
  state: 'ready' | 'indexing' | 'off'
  embeddingModel?: string
  dimensions?: number
  /** Entries that have a vector. */
  embeddedEntries: number
  /** Entries that the model refused, as too long for it; they are found by their words alone. */
  refusedEntries: number
}

/**
 * Whether an entry is found by its meaning: `waiting` for its vector, `refused` by the embedding model as too long, `off`
 * without one.
 */
export interface EmbeddingState {
  state: 'embedded' | 'waiting' | 'refused' | 'off'
  model?: string
  dimensions?: number
}

/** What is remembered over all conversations. */
export interface Memory {
  /** Keeps an entry, and gives it a vector as soon as may be. What is remembered already is not kept twice. */
  store(entry: NewMemory): Promise<MemoryEntry>
  /**
   * Finds entries by their words and by their meaning, best first. Without an embedding model, or while it fails, by
   * words alone.
   * @throws what the signal's reason is, when it is aborted
   */
  search(search: MemorySearch, signal: AbortSignal): Promise<FoundMemory[]>
  /** The same, without those that are hardly about the question. */
  recall(search: MemorySearch, signal: AbortSignal): Promise<FoundMemory[]>
  list: MemoryStore['list']
  remove: MemoryStore['remove']
  stats(): Promise<MemoryStats>
  /** An entry, and how it is found. @throws GatewayError `not_found` */
  inspect(id: string): Promise<{ entry: MemoryEntry; embedding: EmbeddingState }>
  /**
   * Waits until everything can be found by its meaning, but for what the embedding model refuses.
   * @throws GatewayError of a code that starts with `provider_` when that model cannot be asked; the signal's reason
   * when it is aborted
   */
  flush(signal: AbortSignal): Promise<MemoryStats>
  /** Ends what goes on in the background. */
  stop(): Promise<void>
}

export interface MemoryOptions {
  store: MemoryStore
  embedders: Embedders
  events: Events
  /** What goes on in the background failed, or a question was answered without vectors. */
  onError(error: unknown): void
}

/** Hits of each kind that are fused. */
const CANDIDATES = 30
/** How long a question may wait for its vector before it is answered by words alone. */
const QUESTION_MS = 5000
/** After a failure questions are answered by words for so long: not each of them is to wait for a model that hangs. */
const PAUSE_MS = 30_000
/** Characters of a question that count for its meaning. */
const MOST_QUESTION = 2000
/** How long a new entry waits for its vector: long enough to be found by its meaning at once, where the model works. */
const VECTOR_MS = 2000
/** Below it texts have little to do with each other, whichever the model. */
const LEAST_SIMILARITY = 0.3
const TEXT_RANKS_THAT_COUNT = 3

export async function openMemory({ store, embedders, events, onError }: MemoryOptions): Promise<Memory> {
  const embedder = embedders.usual
  function onFailure(error: unknown): void {
    const { code, message } = asGatewayError(error)
    events.emit('system:error', { source: 'memory', code, message })
    onError(error)
  }
  const indexer = embedder && new Indexer({ store, embedder, onFailure })
  await indexer?.start()
  let empty = (await store.count()) === 0

  /** The model whose vectors are searched: until those of a new one are complete, the one before. */
  function searched(): Embedder | undefined {
    if (!indexer || indexer.complete) return embedder
    for (const model of indexer.earlier) {
      const earlier = embedders.list().find(({ id }) => id === model)
      if (earlier) return earlier
    }
    return embedder
  }

  let askAgainAt = 0
  async function vectorOf(query: string, signal: AbortSignal) {
    const model = searched()
    if (!model || performance.now() < askAgainAt) return undefined
    try {
      const patient = AbortSignal.any([signal, AbortSignal.timeout(QUESTION_MS)])
      const { vectors } = await model.embed({ texts: [query.slice(0, MOST_QUESTION)] }, patient)
      return vectors[0] && { model: model.id, values: vectors[0] }
    } catch (error) {
      signal.throwIfAborted()
      askAgainAt = performance.now() + PAUSE_MS
      onError(error)
      return undefined
    }
  }

  async function search({ query, limit, ...scope }: MemorySearch, signal: AbortSignal): Promise<FoundMemory[]> {
    if (empty || query.trim() === '') return []
    const vector = await vectorOf(query, signal)
    const hits = await store.find({ text: query, vector, ...scope, limit: Math.max(limit, CANDIDATES) }, signal)
    const ranked = fuse(hits, query).slice(0, limit)
    const entries = new Map((await store.get(ranked.map(({ id }) => id))).map((entry) => [entry.id, entry]))
    return ranked.flatMap((found) => {
      const entry = entries.get(found.id)
      return entry ? [{ ...entry, ...found }] : []
    })
  }

  async function stats(): Promise<MemoryStats> {
    const [totalEntries, spaces] = await Promise.all([store.count(), store.spaces()])
    const space = spaces.find(({ model }) => model === embedder?.id)
    return {
      totalEntries,
      state: indexer ? (indexer.complete ? 'ready' : 'indexing') : 'off',
      embeddingModel: embedder?.id,
      dimensions: space?.dimensions ?? embedder?.dimensions,
      embeddedEntries: space?.entries ?? 0,
      refusedEntries: indexer?.refused ?? 0
    }
  }

  async function stateOf(id: string): Promise<EmbeddingState['state']> {
    if (!embedder || !indexer) return 'off'
    if (await store.hasVector(embedder.id, id)) return 'embedded'
    return indexer.idle ? 'refused' : 'waiting'
  }

  return {
    async store(entry) {
      const made: MemoryEntry = { ...entry, id: `mem_${randomBytes(12).toString('base64url')}`, createdAt: Date.now() }
      const kept = await store.add(made)
      empty = false
      if (kept.id === made.id && indexer)
        await Promise.race([indexer.add(kept), wait(VECTOR_MS, undefined, { ref: false })])
      return kept
    },
    search,
    async recall(query, signal) {
      const found = await search(query, signal)
      return found.filter(
        ({ similarity = 0, textRank = Infinity }) => similarity >= LEAST_SIMILARITY || textRank <= TEXT_RANKS_THAT_COUNT
      )
    },
    list: store.list,
    remove: store.remove,
    stats,
    async inspect(id) {
      const [entry] = await store.get([id])
      if (!entry) throw new GatewayError('not_found', 'There is no such entry')
      const [state, { embeddingModel, dimensions }] = await Promise.all([stateOf(id), stats()])
      return { entry, embedding: { state, model: embeddingModel, dimensions } }
    },
    async flush(signal) {
      await indexer?.flush(signal)
      return stats()
    },
    stop: async () => indexer?.stop()
  }
}
