import type { Message } from '../../models/message.ts'
import type { Entry } from '../../turns/event.ts'

/** A turn that is kept with all that happened in it, to be read again and to be gone on from. */
export interface KeptTurn {
  id: string
  clientId: string
  /** Milliseconds since the epoch. */
  startedAt: number
  /** What its surface has to know of its request, JSON text; nothing else looks into it. */
  request: string
  /** The kept turn that it continues. */
  previousId?: string
  /** What it was asked, without what came before. */
  input: Message[]
}

export interface StoredTurn extends KeptTurn {
  /** Undefined while it runs. */
  finishedAt?: number
}

/** The end of a kept turn. */
export interface KeptEnd {
  /** What it said, its tools, and calls of the client's that are still to be answered. */
  output: Message[]
  /** Those that are not stored yet, `finished` last. */
  entries: Entry[]
  /** A turn whose start was not stored: all of it. */
  turn?: KeptTurn
}

export interface KeptTurnStore {
  /** Stores the start of a turn that goes on by itself. */
  begin(turn: KeptTurn): Promise<void>
  /** Stores what happened in it. */
  append(id: string, entries: Entry[]): Promise<void>
  get(id: string): Promise<StoredTurn | undefined>
  /** What happened in it after an entry, by its `seq`, in order. */
  entries(id: string, after: number, limit: number): Promise<Entry[]>
  /**
   * What was said up to and with a finished turn, over all that it continues, oldest first. It ends early at a turn that is
   * gone, or is another client's.
   */
  conversation(id: string, clientId: string): Promise<Message[]>
  /** @returns whether it was there */
  remove(id: string): Promise<boolean>
  /** Drops what began before a time. @returns how many; at most `limit` */
  expire(before: number, limit: number): Promise<number>
}
