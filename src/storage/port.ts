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
  session: SessionRef
  agentId: string
  /** Number of the lease on the session that the turn runs under. */
  fence: number
  /** Milliseconds since the epoch. */
  startedAt: number
  /** What the client said; stored before the model is asked. */
  input: Message[]
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
  /** Marks every unfinished turn as failed: no process runs it any more. @returns how many there were */
  abandon(at: number): Promise<number>
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
  /** The newest messages of a session with all their parts, oldest first. */
  conversation(session: SessionRef, limit: number): Promise<Message[]>
  /** The newest texts of one session of a client, or of all its sessions, oldest first. */
  history(clientId: string, key: string | undefined, limit: number): Promise<HistoryEntry[]>
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
