import type { BudgetStore } from './ports/budgets.ts'
import type { ConfigStore } from './ports/config.ts'
import type { DeliveryStore } from './ports/deliveries.ts'
import type { EventStore } from './ports/events.ts'
import type { KeptTurnStore } from './ports/kept.ts'
import type { MemoryStore } from './ports/memory.ts'
import type { SessionStore } from './ports/sessions.ts'
import type { StepStore } from './ports/steps.ts'
import type { TokenStore } from './ports/tokens.ts'
import type { TurnStore } from './ports/turns.ts'
import type { UsageStore } from './ports/usage.ts'

export type * from './ports/budgets.ts'
export type * from './ports/config.ts'
export type * from './ports/deliveries.ts'
export type * from './ports/events.ts'
export type * from './ports/kept.ts'
export type * from './ports/memory.ts'
export type * from './ports/sessions.ts'
export type * from './ports/steps.ts'
export type * from './ports/tokens.ts'
export type * from './ports/turns.ts'
export type * from './ports/usage.ts'

/**
 * What the gateway keeps. Every method is one transaction: it happened whole, and is on disk, once its promise is
 * resolved. Adapters stand in folders beside this file and pass the same contract tests.
 */
export interface Storage {
  readonly turns: TurnStore
  readonly kept: KeptTurnStore
  readonly sessions: SessionStore
  readonly steps: StepStore
  readonly tokens: TokenStore
  readonly events: EventStore
  readonly config: ConfigStore
  readonly memory: MemoryStore
  readonly usage: UsageStore
  readonly deliveries: DeliveryStore
  readonly budgets: BudgetStore
  /** Writes that wait for their commit. */
  readonly waiting: number
  /**
   * Resolves once it is seen to work: a commit goes through, and after one that failed a real one.
   * @throws whatever keeps it from being written
   */
  check(): Promise<void>
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
