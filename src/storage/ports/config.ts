import type { NewEvent } from './events.ts'

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
