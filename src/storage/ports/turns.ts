import type { ErrorCode } from '../../errors.ts'
import type { Message } from '../../models/message.ts'
import type { FinishReason, Usage } from '../../turns/event.ts'
import type { BudgetCharge } from './budgets.ts'
import type { Fulfilment, HeldText } from './deliveries.ts'
import type { NewEvent } from './events.ts'
import type { KeptEnd } from './kept.ts'

/** A session belongs to the client that named it: the same key of another client is another session. */
export interface SessionRef {
  clientId: string
  key: string
}

export interface BegunTurn {
  id: string
  /** Who asked; an admin may ask in another client's session. */
  clientId: string
  session: SessionRef
  agentId: string
  /** Number of the lease on the session that the turn runs under. */
  fence: number
  /** Milliseconds since the epoch. */
  startedAt: number
  /** What the client said; stored before the model is asked. */
  input: Message[]
  /** Told once this is stored. */
  events: NewEvent[]
  /** Told before these when the session is new, or was expired. */
  eventsIfNew: NewEvent[]
  /** An earlier attempt of the same id that did not end well is taken back: what it said is not in the session any more. */
  again?: boolean
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
  /** What it used up of its client's budget, where there is one. */
  charge?: BudgetCharge
  /** What the turn said, and its tools; stored in the turn's session, if it has one. */
  output: Message[]
  /** For a turn without a session that is kept all the same. */
  kept?: KeptEnd
  /** The delivery that it was started by, where it ended well. */
  fulfils?: Fulfilment
  /** Makes what tells of a text that was kept for the agent's next turn, and was handed in with this one. */
  toHandedIn?(text: Omit<HeldText, 'text'>): NewEvent
  /** The same of each that is given up, since too many turns have failed with it. */
  toGivenUp?(text: Omit<HeldText, 'text'>, reason: string): NewEvent
  /** Told once this is stored. */
  events: NewEvent[]
}

/** A turn whose process is gone. */
export interface UnfinishedTurn {
  id: string
  /** Who asked, or whose session it is in. */
  clientId: string
  sessionKey?: string
  agentId?: string
}

export interface TurnStore {
  /** Stores the turn's start with its input; the session is made when it is new. */
  begin(turn: BegunTurn): Promise<void>
  /**
   * Stores the turn's end with its output. A turn without a session is stored whole here; there is nothing to go on with
   * in it, so that its caller need not wait and a store may put it off for some milliseconds, unless it is kept.
   * @returns false, with nothing changed, when the turn is finished already or was begun under another fence
   */
  finish(turn: FinishedTurn): Promise<boolean>
  /**
   * Marks every unfinished turn, kept ones too, as failed: no process runs it any more. `toEvent` makes the event that tells of each.
   * @returns how many there were
   */
  abandon(at: number, toEvent: (turn: UnfinishedTurn) => NewEvent): Promise<number>
}
