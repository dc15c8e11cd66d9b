import type { ModelEvent } from '../port.ts'

/** What a piece of an answer said, up to what was wrong with it: a GatewayError `provider_failed`. */
export interface Reading {
  events: ModelEvent[]
  failure?: unknown
}

/** Reads an answer in pieces that may end anywhere. */
export interface WireReader {
  read(text: string): Reading
  /** Whether the answer says that it is over. */
  readonly done: boolean
  /** What is left to tell at the end. @throws GatewayError `provider_failed` if the answer was cut off before it */
  finish(): ModelEvent[]
  /** The tokens of an answer that failed, where they are known. */
  readonly spent: ModelEvent[]
}
