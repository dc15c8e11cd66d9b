/** Who put an entry into the memory: the agent by a tool, an operator, or an import. */
export type MemorySource = 'agent' | 'operator' | 'import'

/** Something that is remembered. */
export interface MemoryEntry {
  id: string
  content: string
  tags: string[]
  /** The client whose it is; undefined: everyone's. */
  clientId?: string
  /** The agent that remembers it; undefined: all agents do. */
  agentId?: string
  sessionKey?: string
  turnId?: string
  source: MemorySource
  /** Milliseconds since the epoch. */
  createdAt: number
}

/** Whose entries are looked at; what belongs to everyone, or to all agents, is always among them. */
export interface MemoryScope {
  /** Undefined: those of all clients. */
  clientId?: string
  /** Undefined: those of all agents. */
  agentId?: string
}

export interface MemoryQuery extends Pick<MemoryScope, 'clientId'> {
  /** The agents whose entries are looked at; undefined: all. */
  agentIds?: readonly string[] | undefined
  /** Words to look for; left out: no search by text. */
  text?: string
  /** What is looked for as a vector of that model; left out: no search by vector. */
  vector?: { model: string; values: Float32Array }
  /** Most hits of each kind. */
  limit: number
}

/** Entries by how well they fit, best first. */
export interface MemoryHits {
  byText: { id: string }[]
  /** `similarity` is the cosine. */
  byVector: { id: string; similarity: number }[]
}

export interface MemoryPage {
  entries: MemoryEntry[]
  /** What to give as `before` for the next page; undefined after the last. It lasts, whatever is removed meanwhile. */
  next: string | undefined
}

/** The vectors of one embedding model. */
export interface MemorySpace {
  model: string
  dimensions: number
  entries: number
}

export interface MemoryStore {
  /** Adds an entry, unless the same client and agent have one of the same content. @returns the one that is there now */
  add(entry: MemoryEntry): Promise<MemoryEntry>
  /** Those of the ids that exist, in their order. */
  get(ids: string[]): Promise<MemoryEntry[]>
  /** A page, the newest first. */
  list(scope: MemoryScope & { limit: number; before?: string }): Promise<MemoryPage>
  /** @returns how many there were */
  remove(ids: string[]): Promise<number>
  /** Runs beside the event loop. Aborting the signal rejects with its reason. */
  find(query: MemoryQuery, signal: AbortSignal): Promise<MemoryHits>
  count(): Promise<number>
  spaces(): Promise<MemorySpace[]>
  /** Entries without a vector of this model, oldest first, from the one after an id on. */
  unembedded(model: string, limit: number, after?: string): Promise<{ id: string; content: string }[]>
  /** Keeps vectors of a model; those of entries that are gone meanwhile are left out. */
  addVectors(model: string, vectors: { id: string; values: Float32Array }[]): Promise<void>
  /** Forgets all vectors of a model. */
  dropSpace(model: string): Promise<void>
  /** Whether an entry has a vector of a model. */
  hasVector(model: string, id: string): Promise<boolean>
}
