import type { Scope } from '../config/schema.ts'
import type { ErrorCode } from '../errors.ts'
import type { Message } from '../models/message.ts'
import type { FinishReason, Usage } from '../turns/event.ts'

/**
 * What the gateway keeps. Every method is one transaction: it happened whole, and is on disk, once its promise is
 * resolved. Adapters stand in folders beside this file and pass the same contract tests.
 */
export interface Storage {
  readonly turns: TurnStore
  readonly sessions: SessionStore
  readonly tokens: TokenStore
  readonly events: EventStore
  readonly config: ConfigStore
  readonly memory: MemoryStore
  readonly usage: UsageStore
  /** What it takes. */
  size(): Promise<StorageSize>
  /** Ends what is under way and releases everything. Later calls are rejected. */
  close(): Promise<void>
}

export interface StorageSize {
  /** Of the files that hold the data. */
  bytes: number
  /** The version of the schema that the data has. */
  schemaVersion: number
}

/** A session belongs to the client that named it: the same key of another client is another session. */
export interface SessionRef {
  clientId: string
  key: string
}

export interface BegunTurn {
  id: string
  session: SessionRef
  agentId: string
  /** Number of the lease on the session that the turn runs under. */
  fence: number
  /** Milliseconds since the epoch. */
  startedAt: number
  /** What the client said; stored before the model is asked. */
  input: Message[]
  /** Told once this is stored. */
  events: NewEvent[]
  /** Told before these when the session is new, or was expired. */
  eventsIfNew: NewEvent[]
}

export interface FinishedTurn {
  id: string
  clientId: string
  session?: SessionRef
  agentId?: string
  provider?: string
  model?: string
  fence: number
  startedAt: number
  finishedAt: number
  finishReason: FinishReason
  errorCode?: ErrorCode
  usage: Usage
  costUsd?: number
  /** What the turn said, and its tools; stored in the turn's session, if it has one. */
  output: Message[]
  /** Told once this is stored. */
  events: NewEvent[]
}

/** A turn whose process is gone. */
export interface UnfinishedTurn {
  id: string
  clientId: string
  sessionKey?: string
  agentId?: string
}

export interface TurnStore {
  /** Stores the turn's start with its input; the session is made when it is new. */
  begin(turn: BegunTurn): Promise<void>
  /**
   * Stores the turn's end with its output. A turn without a session is stored whole here; there is nothing to go on with
   * in it, so that its caller need not wait and a store may put it off for some milliseconds.
   * @returns false, with nothing changed, when the turn is finished already or was begun under another fence
   */
  finish(turn: FinishedTurn): Promise<boolean>
  /**
   * Marks every unfinished turn as failed: no process runs it any more. `toEvent` makes the event that tells of each.
   * @returns how many there were
   */
  abandon(at: number, toEvent: (turn: UnfinishedTurn) => NewEvent): Promise<number>
}

/** A message as people read it back. */
export interface HistoryEntry {
  role: 'user' | 'assistant'
  text: string
  /** Milliseconds since the epoch. */
  at: number
  sessionKey: string
}

export interface SessionStore {
  /** The newest messages of a session's conversation with all their parts, oldest first; none from before it expired. */
  conversation(session: SessionRef, limit: number): Promise<Message[]>
  /** The newest texts of one session of a client, or of all its sessions, oldest first. */
  history(clientId: string, key: string | undefined, limit: number): Promise<HistoryEntry[]>
  /**
   * Expires sessions that were not used since a time: their messages stay, their next one starts a new conversation.
   * `toEvent` makes the event that tells of each.
   * @returns how many; at most `limit`
   */
  expire(idleSince: number, limit: number, toEvent: (session: IdleSession) => NewEvent): Promise<number>
}

export interface IdleSession extends SessionRef {
  agentId: string
}

export interface StoredToken {
  clientId: string
  /** SHA-256 of the secret, lower-case hex. */
  digest: string
  scopes: Scope[]
  /** Milliseconds since the epoch. */
  createdAt: number
  expiresAt: number | undefined
}

/** When the secret of a digest ends, wherever its token stands. */
export interface TokenEnd {
  /** SHA-256 of the secret, lower-case hex. */
  digest: string
  /** Milliseconds since the epoch; 0: it has ended, whatever the clock says. */
  endsAt: number
}

export interface TokenStore {
  /** Those that were added, with `expiresAt` where they end by it or were ended. */
  list(): Promise<StoredToken[]>
  /** Adds a token, and drops those that had expired when it was made. @throws Error if its digest is there already */
  add(token: StoredToken, events: NewEvent[]): Promise<void>
  /** Ends secrets and adds a token in their place. @throws Error if its digest is there already */
  replace(ends: TokenEnd[], token: StoredToken, events: NewEvent[]): Promise<void>
  /** Ends secrets, those of the configuration too. An end that was set already is never put off. */
  end(ends: TokenEnd[], events: NewEvent[]): Promise<void>
  /** The ends that were set for some of these digests. They stay, also when the token is gone. */
  ends(digests: string[]): Promise<TokenEnd[]>
}

/** An event that is to be kept and told. */
export interface NewEvent {
  type: string
  /** JSON text. */
  payload: string
  /** Milliseconds since the epoch. */
  at: number
  agentId?: string
  sessionKey?: string
  /** The client that alone may read it, beside admins. */
  owner?: string
}

/** An event with its number: numbers only grow, in the order in which events became visible, also across restarts. */
export interface JournalEntry extends NewEvent {
  id: number
}

export interface EventStore {
  /** @param deferred it may wait some milliseconds for the commit of another */
  append(events: NewEvent[], deferred?: boolean): Promise<void>
  /** What came after an id, oldest first. */
  after(id: number, limit: number): Promise<JournalEntry[]>
  /** The newest, oldest first; with a client, those that it may read. */
  latest(limit: number, clientId: string | undefined): Promise<JournalEntry[]>
  /** The oldest id that is kept and the newest that was given; `first` is `last + 1` when none is kept. */
  bounds(): Promise<{ first: number; last: number }>
  /** Drops what is older than a time, and the oldest above a count. */
  prune(before: number, keepCount: number): Promise<void>
  /** Is called with the events of every commit, whichever method stored them, in the order of their ids. */
  onAppended(listener: (entries: readonly JournalEntry[]) => void): void
}

/** A configuration that the gateway ran with. */
export interface ConfigVersion {
  /** Counts up, from 1. */
  version: number
  /** Milliseconds since the epoch. */
  at: number
  /** What made it: a start with another file, a change at run time, a way back to an earlier one. */
  source: 'start' | 'patch' | 'rollback'
  /** The client that changed it; undefined for a start. */
  clientId?: string
  /** The keys in which it differs from the one before. */
  paths: string[]
  /** All of it, JSON text without secrets. */
  config: string
  /** What was changed at run time, up to then: a merge patch over what the file says, JSON text with its secrets. */
  overlay: string
}

/** The configurations there were; the oldest are forgotten beyond a thousand. */
export interface ConfigStore {
  last(): Promise<ConfigVersion | undefined>
  get(version: number): Promise<ConfigVersion | undefined>
  /** The newest first, from below a version on. */
  list(limit: number, before?: number): Promise<ConfigVersion[]>
  /** @returns its number */
  record(version: Omit<ConfigVersion, 'version'>, events: NewEvent[]): Promise<number>
}

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

export interface MemoryQuery extends MemoryScope {
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

/** What turns came to. A turn counts in the hour, and in the transaction, in which it ended. */
export interface UsageSums {
  turns: number
  /** Of these, those that ended in an error. */
  failed: number
  input: number
  output: number
  /** Part of `input`. */
  cachedInput: number
  /** Part of `output`. */
  reasoning: number
  /** Of the models that have a price. */
  costUsd: number
}

/** Sums with what their cost leaves out: turns of models that had no price. */
export interface PricedSums extends UsageSums {
  unpricedTurns: number
  unpricedTokens: number
}

/** Which turns are summed up. */
export interface UsageRange {
  /** Milliseconds since the epoch, the start of an hour; undefined: from the first turn on. */
  since?: number
  /** Milliseconds since the epoch, the end of an hour; undefined: up to now. */
  until?: number
  /** Only those of this client. */
  clientId?: string
}

export interface ModelUsage extends PricedSums {
  /** Both undefined: turns that ended before any model answered. */
  provider: string | undefined
  model: string | undefined
}

export interface AgentUsage extends PricedSums {
  /** Undefined: turns of a model alone. */
  agentId: string | undefined
}

export interface HourUsage extends PricedSums {
  /** Milliseconds since the epoch. */
  start: number
}

export interface SessionUsage extends UsageSums, SessionRef {
  /** When its last turn ended, in milliseconds since the epoch. */
  lastAt: number
}

/** Sums of all turns that ended. What they cost to read does not grow with the number of turns. */
export interface UsageStore {
  byModel(range: UsageRange): Promise<ModelUsage[]>
  byAgent(range: UsageRange): Promise<AgentUsage[]>
  /** Oldest first; hours without turns are left out. */
  byHour(range: UsageRange): Promise<HourUsage[]>
  /**
   * The sessions that used most tokens, the largest first.
   * @param query `since`: only those with a turn that ended at that time or later
   */
  bySession(query: { limit: number; clientId?: string; since?: number }): Promise<SessionUsage[]>
  /** When counting began: at the last reset, or else with the hour of the first turn; undefined before it. */
  since(): Promise<number | undefined>
  /** Forgets all sums; turns stay. `toEvents` makes the events that tell of it, of what the sums were. */
  reset(at: number, toEvents: (sums: UsageSums) => NewEvent[]): Promise<void>
}
