import type { NewEvent } from './events.ts'

/**
 * `waiting`: for its first attempt, or its next one. `running`: an attempt is under way. `held`: kept for the agent's next
 * turn. `handed`: that turn runs. `done`, `dead` (it failed for good) and `discarded` (by an operator) are ends.
 */
export type DeliveryState = 'waiting' | 'running' | 'held' | 'handed' | 'done' | 'dead' | 'discarded'

/** What an accepted delivery is kept with. No signature and no credential is among it. */
export interface NewDelivery {
  id: string
  mappingId: string
  /** What the sender calls it: of a mapping, each name is accepted once. */
  senderId: string
  /** Milliseconds since the epoch. */
  receivedAt: number
  /** JSON text, as it came. */
  payload: string
  /** What the templates of its mapping may see, by name. */
  headers: Record<string, string>
  query: Record<string, string>
  /** What it was found by. */
  path: string
  /** What is worked off one after the other, in the order of arrival: its session, as far as that is known by now. */
  lane?: string
  /** The id that its turn is to have: whatever is tried again has the same. */
  turnId: string
}

/** An answer that is to be sent by a channel. */
export interface AnswerToSend {
  channel: string
  to: string
  text: string
}

export interface StoredDelivery extends Omit<NewDelivery, 'payload' | 'headers' | 'query' | 'path' | 'lane'> {
  state: DeliveryState
  /** The turn has ended well, and what is left is to send its answer. */
  sending: boolean
  /** Attempts of what it is at: its turn, or the sending. */
  attempts: number
  /** Of these, those that the gateway's end broke off. */
  interruptions: number
  /** When it is to be tried next, in milliseconds since the epoch; told while it waits, unless it waits behind another of its lane. */
  dueAt?: number
  finishedAt?: number
  agentId?: string
  /** Why the last attempt failed; of one that is done, why nothing was sent although it was to be. */
  reason?: string
}

/** A delivery with what it holds. */
export interface WholeDelivery extends StoredDelivery, Pick<NewDelivery, 'payload' | 'headers' | 'query' | 'path'> {
  answer?: AnswerToSend
}

export interface DeliveryQuery {
  state?: DeliveryState
  mappingId?: string
  limit: number
  /** `next` of the page before. */
  before?: string
}

export interface DeliveryPage {
  deliveries: StoredDelivery[]
  next?: string
}

export interface DeliveryCount {
  mappingId: string
  state: DeliveryState
  count: number
}

/** What an attempt came to, where the turn's own end does not tell. */
export type Settlement =
  | { to: 'done' }
  | { to: 'dead'; reason: string }
  /** Tried again at a time; `free` attempts do not count. */
  | { to: 'waiting'; dueAt: number; reason: string; free: boolean }
  /** Kept for the next turn of an agent. */
  | { to: 'held'; agentId: string; text: string }

/** The end of a delivery's turn, stored with that of the turn. */
export interface Fulfilment {
  deliveryId: string
  /** What is left to do, if anything is. */
  answer?: AnswerToSend
  /** Why nothing is sent although it was to be. */
  unsent?: string
}

/** A text that was kept for an agent's next turn. */
export interface HeldText {
  id: string
  mappingId: string
  receivedAt: number
  text: string
}

/** What came by webhooks, from its acceptance on. */
export interface DeliveryStore {
  /**
   * Keeps a delivery, unless its mapping has one of the same name.
   * @param state `waiting`, or `done` for what there is nothing to do for
   * @param events told if it is new
   * @returns whether it is new
   */
  accept(delivery: NewDelivery, state: 'waiting' | 'done', events: NewEvent[]): Promise<boolean>
  /** Takes deliveries that are due, the oldest first, and of a lane one at a time. `toEvents` makes what tells of each. */
  claim(now: number, limit: number, toEvents: (delivery: StoredDelivery) => NewEvent[]): Promise<WholeDelivery[]>
  /** When the next one is due; undefined: none waits. */
  nextDue(): Promise<number | undefined>
  /** Stores what an attempt came to. @returns false, with nothing changed, if none of it is under way */
  settle(id: string, at: number, settlement: Settlement, events: NewEvent[]): Promise<boolean>
  /** Gives back what a process held that is gone. @returns how many there were */
  release(now: number): Promise<number>
  /** Agents that something is kept for. */
  heldFor(): Promise<string[]>
  /**
   * Takes what is kept for an agent for a turn of its, whose end settles it: kept again if it fails, or dead after the
   * third time.
   * @param mostText characters of all; the first is taken however long it is
   */
  handIn(
    agentId: string,
    turnId: string,
    limit: number,
    mostText: number
  ): Promise<{ texts: HeldText[]; more: boolean }>
  /** Keeps again what a turn took whose end was not stored. @returns how many there were */
  handBack(turnId: string): Promise<number>
  get(id: string): Promise<WholeDelivery | undefined>
  /** A page, the newest first. @throws GatewayError `invalid_request` for a `before` that no page had as its `next` */
  list(query: DeliveryQuery): Promise<DeliveryPage>
  /** How many there are of each kind. What it costs does not grow with their number. */
  counts(): Promise<DeliveryCount[]>
  /**
   * Starts one again that has ended.
   * @param newTurnId the id of its turn, if that was done
   * @returns false, with nothing changed, if it has not ended
   */
  replay(id: string, now: number, newTurnId: string, events: NewEvent[]): Promise<boolean>
  /**
   * Ends one that waits, is held or is dead.
   * @param abandoned ends one that is running or handed as well: nobody works on it
   * @returns false, with nothing changed, if it is none of these
   */
  discard(id: string, now: number, abandoned: boolean, events: NewEvent[]): Promise<boolean>
  /** Drops those that ended before a time, and what was held since before that of the dead. @returns how many; at most `limit` */
  prune(doneBefore: number, deadBefore: number, limit: number): Promise<number>
}
