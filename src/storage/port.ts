import type { Scope } from '../config/schema.ts'
import type { ErrorCode } from '../errors.ts'
import type { Message } from '../models/message.ts'
import type { FinishReason, Usage } from '../turns/event.ts'
import type { MemoryStore } from './memory-port.ts'

export type * from './memory-port.ts'

/**
 * What the gateway keeps. Every method is one transaction: it happened whole, and is on disk, once its promise is
 * resolved. Adapters stand in folders beside this file and pass the same contract tests.
 */
export interface Storage {
  readonly turns: TurnStore
  readonly sessions: SessionStore
  readonly tokens: TokenStore
  readonly events: EventStore
  readonly starts: StartStore
  readonly memory: MemoryStore
  /** Ends what is under way and releases everything. Later calls are rejected. */
  close(): Promise<void>
}

/** A session belongs to the client that named it: the same key of another client is another session. */
export interface SessionRef {
  clientId: string
  key: string
}

export interface BegunTurn {
  id: string
  /** Who asked; an admin may ask in another client's session. */
  clientId: string
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
  /** Who asked, or whose session it is in. */
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

/** What a session goes on with. */
export interface Conversation {
  /** Stands for the messages before these. */
  summary?: string
  messages: Message[]
}

export interface StoredSession extends SessionRef {
  /** Who answered in it last. */
  agentId: string
  /** Milliseconds since the epoch, as the other two. */
  createdAt: number
  /** When it was used last. */
  updatedAt: number
  expiredAt?: number
  /** How many are kept, those of earlier conversations among them. */
  messages: number
  /** A summary stands for the older messages of its conversation. */
  compacted: boolean
}

/** Whose sessions are looked at. */
export interface SessionScope {
  /** Undefined: those of all clients. */
  clientId?: string
  /** Undefined: those of all agents. */
  agentId?: string
}

export interface SessionPage {
  sessions: StoredSession[]
  /** Where the next page begins; undefined after the last. */
  next?: string
}

/** A message with all its parts. */
export interface StoredMessage {
  message: Message
  turnId: string
  /** Milliseconds since the epoch. */
  at: number
}

export interface MessagePage {
  messages: StoredMessage[]
  /** Where the next page begins; undefined after the last. */
  next?: string
}

/** The part of a conversation that a summary is to stand for. */
export interface OlderMessages {
  /** Stands for what is older still. */
  summary?: string
  /** They come after this place. */
  after: string
  /** The last of them; undefined when there are none. */
  upTo?: string
  /** How many come after them, from a message of the user's on. */
  kept: number
}

/** A summary in the place of older messages, which are named as `OlderMessages` names them. */
export interface Compacted {
  summary: string
  after: string
  upTo: string
}

export interface MessageQuery extends SessionScope {
  /** Words that have to be in the message, all of them. */
  text: string
  limit: number
}

export interface MessageHit extends HistoryEntry {
  clientId: string
}

export interface SessionStore {
  /** The newest messages of a session's conversation with all their parts, oldest first; none from before it expired. */
  conversation(session: SessionRef, limit: number): Promise<Conversation>
  /** The newest texts of one session of a client, or of all its sessions, oldest first. */
  history(clientId: string, key: string | undefined, limit: number): Promise<HistoryEntry[]>
  /**
   * Expires sessions that were not used since a time: their messages stay, their next one starts a new conversation.
   * `toEvent` makes the event that tells of each.
   * @returns how many; at most `limit`
   */
  expire(idleSince: number, limit: number, toEvent: (session: IdleSession) => NewEvent): Promise<number>
  get(session: SessionRef): Promise<StoredSession | undefined>
  /**
   * A page, the most recently used first. One that is used while someone pages comes first again, so that it is seen
   * once or, by who has passed that place, not at all; no other is left out or seen twice.
   * @throws GatewayError `invalid_request` for a `before` that no page had as its `next`
   */
  list(scope: SessionScope & { limit: number; before?: string }): Promise<SessionPage>
  /**
   * A page of all that was said in a session, oldest first; bounded in bytes too.
   * @param range places as `next`, or as `OlderMessages` has them
   * @throws GatewayError `invalid_request` for a place that is none
   */
  messages(session: SessionRef, range: { limit: number; after?: string; upTo?: string }): Promise<MessagePage>
  /** The texts that hold all the words, the newest first, long ones cut to where the words are. Runs beside the event loop. */
  search(query: MessageQuery, signal: AbortSignal): Promise<MessageHit[]>
  /** Its next message starts a new conversation. @returns whether there is such a session */
  reset(session: SessionRef, events: NewEvent[]): Promise<boolean>
  /** What of its conversation comes before the newest `keep` messages, and before the question the first of them answers. */
  older(session: SessionRef, keep: number): Promise<OlderMessages>
  /** Puts a summary in the place of older messages. @returns false, with nothing changed, if they are not the older ones now */
  compact(session: SessionRef, summary: Compacted, events: NewEvent[]): Promise<boolean>
  /**
   * Removes the oldest messages, at most `limit`; with the last of them the session goes, and `events` are told.
   * @returns whether it is gone
   */
  remove(session: SessionRef, limit: number, events: NewEvent[]): Promise<boolean>
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

export interface TokenStore {
  list(): Promise<StoredToken[]>
  add(token: StoredToken): Promise<void>
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

/** With which configuration the gateway ran. */
export interface StartStore {
  /** The configuration of the newest start, JSON text without secrets. */
  last(): Promise<string | undefined>
  /** Keeps one that differs from the last. */
  record(at: number, config: string, events: NewEvent[]): Promise<void>
}
