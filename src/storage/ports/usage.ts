import type { NewEvent } from './events.ts'
import type { SessionRef } from './turns.ts'

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
  /** Another one whenever a sum has changed: what was read under it holds as long as it is the same. */
  readonly revision: number
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
