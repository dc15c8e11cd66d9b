import type { JournalEntry } from '../storage/port.ts'

/** An event on its way to readers: its payload is serialised once, whoever reads it. */
export interface LiveEvent {
  /** Its number in the journal; undefined for what is live only. */
  readonly id: number | undefined
  readonly type: string
  /** Its payload, JSON text. */
  readonly data: string
  readonly agentId?: string
  readonly sessionKey?: string
  /** The client that alone may read it, beside admins; empty: admins alone; undefined: everyone. */
  readonly owner?: string
}

/** A stored event as readers get it. */
export const toLive = ({ id, type, payload, agentId, sessionKey, owner }: JournalEntry): LiveEvent => ({
  id,
  type,
  data: payload,
  agentId,
  sessionKey,
  owner
})
