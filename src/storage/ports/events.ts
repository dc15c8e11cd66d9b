/** An event that is to be kept and told. */
export interface NewEvent {
  type: string
  /** JSON text. */
  payload: string
  /** Milliseconds since the epoch. */
  at: number
  agentId?: string
  sessionKey?: string
  /** The client that alone may read it, beside admins; empty: admins alone; undefined: everyone. */
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
