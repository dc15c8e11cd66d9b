import type { Message } from '../../models/message.ts'
import type { NewEvent } from './events.ts'
import type { SessionRef } from './turns.ts'

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
  /** What people call it; undefined: nobody named it. */
  title?: string
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

export interface SessionQuery extends SessionScope {
  /** Undefined: whatever their titles are; else those whose title holds this text, in any case. */
  title?: string
  limit: number
  /** `next` of the page before. */
  before?: string
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
  list(query: SessionQuery): Promise<SessionPage>
  /**
   * A page of all that was said in a session, oldest first; bounded in bytes too.
   * @param range places as `next`, or as `OlderMessages` has them
   * @throws GatewayError `invalid_request` for a place that is none
   */
  messages(session: SessionRef, range: { limit: number; after?: string; upTo?: string }): Promise<MessagePage>
  /** The texts that hold all the words, the newest first, long ones cut to where the words are. Runs beside the event loop. */
  search(query: MessageQuery, signal: AbortSignal): Promise<MessageHit[]>
  /** Gives it a title, in place of the one it had; undefined takes it away. @returns whether there is such a session */
  rename(session: SessionRef, title: string | undefined, events: NewEvent[]): Promise<boolean>
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
