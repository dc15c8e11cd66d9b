import type { Principal } from '../access/principal.ts'
import type { Agent } from '../agents/registry.ts'
import type { ModelRef } from '../models/catalog.ts'
import type { Message } from '../models/message.ts'
import type { ModelSettings, PassOn, ToolSpec } from '../models/port.ts'
import type { SessionRef } from '../storage/port.ts'
import type { FinishReason, Outcome, TurnEvent } from './event.ts'
import type { Take } from './log.ts'

/**
 * Who answers a turn: an agent, or a model as it is. A trial is to show how that very model is: no other answers in its
 * place, and it is asked once, even while its provider is not called otherwise.
 */
export type Target = { agent: Agent } | { model: ModelRef; trial?: boolean }

/** What a turn is asked to do. */
export interface TurnRequest {
  id: string
  by: Principal
  target: Target
  /** What is new; with no session, the whole conversation. */
  input: Message[]
  /** Where the turn is kept, and what came before it. */
  session?: SessionRef
  /** A turn without a session that is kept all the same, to be read again and to be gone on from. */
  keep?: Keep
  settings: ModelSettings
  /** Tools that the client runs: a call of one ends the turn. */
  tools: ToolSpec[]
  /** Whether the oldest messages are left out where they do not fit in the model's window, as far as its size is configured. Default: no. */
  truncate?: boolean
  /** How many calls of its own tools an agent may make. Default: as many as its steps come to. */
  maxToolCalls?: number
  /** How the answer of a model alone may be passed on. */
  passOn?: PassOn
  /** The delivery that it was started by, whose end is this one's. It has a session. */
  fulfils?: StartedBy
  /** Longest it may take, in place of what its agent's configuration says; a model alone has no limit otherwise. */
  timeoutSeconds?: number
}

/** A delivery as the turn knows it that it started. */
export interface StartedBy {
  deliveryId: string
  mappingId: string
  /** The id that the turn has, in this attempt as in every other. */
  turnId: string
  attempt: number
  /** Who is sent the answer, by which channel. */
  answerTo?: { channel: string; to: string }
}

export interface Keep {
  /** What its surface has to know of its request, JSON text. */
  request: string
  /** The kept turn that it continues. */
  previousId?: string
  /** The part of the input that is new. */
  input: Message[]
}

/** Whose turn it is to see and to remember: the owner's of its session, or else of whoever asked. */
export const clientOf = ({ by, session }: Pick<TurnRequest, 'by' | 'session'>): string =>
  session?.clientId ?? by.clientId

/** What the work of a turn tells of; how it ends is for whoever drives it to say. */
export type RunEvent = Exclude<TurnEvent, { type: 'finished' }>

/** Takes an event. A promise is to be awaited: there is no room for another one yet. */
export type Emit = (event: RunEvent) => Promise<void> | undefined

/**
 * The work of a turn. Resolves to why it came to its end; rejects with a GatewayError when it fails and with the
 * signal's reason when it is aborted. Events are pushed and not yielded: a chain of generators costs more than all the
 * rest of a token's way.
 */
export type RunTurn = (request: TurnRequest, signal: AbortSignal, emit: Emit) => Promise<FinishReason>

/** Why a turn was stopped from outside. */
export type AbortReason = 'client_closed' | 'client_stalled' | 'cancelled' | 'shutdown'

/** A turn that runs. */
export interface Turn {
  readonly id: string
  readonly request: TurnRequest
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /**
   * Resolves at the model's first event to undefined, or to the outcome of a turn that ended before one came: until
   * then a failure can still be told by a status. Never rejects.
   */
  readonly opened: Promise<Outcome | undefined>
  /** Resolves when the turn has ended and is stored. Never rejects. */
  readonly outcome: Promise<Outcome>
  /**
   * Hands its entries over, from the first on; may be called once. Where `take` returns a promise, the turn waits for it.
   * Resolves after `finished`, or early if the turn's client is gone; rejects with what `take` throws.
   */
  read(take: Take): Promise<void>
  abort(reason: AbortReason): void
}

export class TurnAborted extends Error {
  override readonly name = 'TurnAborted'
  readonly reason: AbortReason
  constructor(reason: AbortReason) {
    super(`The turn was aborted: ${reason}`)
    this.reason = reason
  }
}
