import { randomUUID } from 'node:crypto'
import { allows, type Principal } from '../access/principal.ts'
import { GatewayError } from '../errors.ts'
import type { KeptTurnStore, SessionRef } from '../storage/port.ts'
import { refuseSuspended } from '../agents/registry.ts'
import { refuseAgent, refuseModel } from '../access/limits.ts'
import { estimateOf } from '../limits/estimate.ts'
import type { Meter } from '../limits/meter.ts'
import type { Spending } from '../limits/spending.ts'
import { drive, type DrivePorts, type Progress, type Run } from './drive.ts'
import type { Outcome } from './event.ts'
import { TurnLog } from './log.ts'
import { type Followers, followTurns } from './follow.ts'
import { recordAsItGoes, recordAtEnd, type Recording } from './recording.ts'
import { Transcript } from './transcript.ts'
import { type AbortReason, clientOf, type Keep, type Target, type Turn, TurnAborted, type TurnRequest } from './turn.ts'

/** A turn that has ended, for those who keep count. */
export interface TurnSummary {
  turn: Turn
  outcome: Outcome
  provider: string | undefined
  model: string | undefined
  durationMs: number
  /** From its request to the first event of its model; undefined for one that came to none. */
  firstMs: number | undefined
}

export interface TurnsOptions extends Omit<DrivePorts, 'pending'> {
  kept: KeptTurnStore
  spending: Spending
  /** Whether the process has so much to do that no turn is to be begun. */
  isUnderPressure(): boolean
  /** How long a reader may take nothing before it is given up, and its turn aborted. */
  stallMs(): number
  onFinished(summary: TurnSummary): void
}

/** The turns of this process. Whatever protocol asks for one, it is started here. */
export interface Turns {
  /**
   * Starts a turn that is attached to its caller: the signal aborts it.
   * @throws GatewayError `agent_suspended`; `not_allowed` where its token may not use the agent or model;
   * `budget_exceeded`, `rate_limited` where nothing is left for it; `busy` once the gateway is shutting down, or has too
   * much to do
   */
  start(request: Omit<TurnRequest, 'id'>, caller: AbortSignal): Turn
  /**
   * Starts a turn that is kept and goes on by itself, once its start is stored. It is read by `follow`.
   * @throws GatewayError as `start` does
   */
  startInBackground(request: Omit<TurnRequest, 'id'> & { keep: Keep }): Promise<Turn>
  /** Reads kept turns. */
  readonly followers: Followers
  /** The running turns of a client, and those in its sessions; an admin sees those of all. */
  list(by: Principal): Turn[]
  /** Those that run in a session, or wait for their turn in it. */
  of(session: SessionRef): Turn[]
  /** A running one by its id. */
  get(id: string): Turn | undefined
  /** How many run, or wait for a place. */
  readonly running: number
  /** Of these, those that wait. */
  readonly waiting: number
  /** Aborts a running turn of one's own; an admin any. @throws GatewayError `not_found` */
  cancel(id: string, by: Principal): void
  /** Refuses new turns; aborts those that still run after `graceMs`. */
  stop(graceMs: number): void
  /** Resolves once no turn runs and all are stored. */
  settled(): Promise<void>
}

export function createTurns(options: TurnsOptions): Turns {
  const running = new Map<string, Turn>()
  const ports = { ...options, pending: new Set<Promise<unknown>>() }
  const followers = followTurns(options.kept)
  let stopping = false

  /** @returns what counts what the turn uses up, which holds some of what its client has left */
  function admit(request: Omit<TurnRequest, 'id'>): Meter {
    const { by, target } = request
    if (stopping) throw new GatewayError('busy', 'The gateway is shutting down', { retryAfterSeconds: 5 })
    refuseTarget(by, target)
    if (options.isUnderPressure()) throw new GatewayError('busy', 'The gateway is too busy', { retryAfterSeconds: 10 })
    options.slots.refuse(by.clientId)
    return options.spending.meter(by, () => estimateOf(request))
  }

  function run(start: Start): Turn {
    const turn = startTurn(start, ports)
    running.set(turn.id, turn)
    void turn.outcome.then(() => running.delete(turn.id))
    return turn
  }

  function start(request: Omit<TurnRequest, 'id'>, caller: AbortSignal): Turn {
    const meter = admit(request)
    const { keep, by, fulfils } = request
    const id = fulfils?.turnId ?? newTurnId()
    const startedAt = Date.now()
    const recording = keep && recordAtEnd({ id, clientId: by.clientId, startedAt, ...keep })
    return run({ request: { ...request, id }, caller, recording, startedAt, meter })
  }

  async function startInBackground(request: Omit<TurnRequest, 'id'> & { keep: Keep }): Promise<Turn> {
    const meter = admit(request)
    const id = newTurnId()
    const startedAt = Date.now()
    try {
      await options.kept.begin({ id, clientId: request.by.clientId, startedAt, ...request.keep })
    } catch (error) {
      meter.settle()
      throw error
    }
    const recording = recordAsItGoes(id, options.kept, () => followers.tell(id))
    const caller = new AbortController().signal // nobody it depends on
    const turn = run({ request: { ...request, id }, caller, recording, startedAt, meter })
    void turn.read(() => undefined) // whoever reads it, reads what is stored
    void turn.outcome.then(() => followers.tell(id))
    return turn
  }

  const mayAbort = ({ request }: Turn, by: Principal) =>
    request.by.clientId === by.clientId || clientOf(request) === by.clientId || allows(by, 'admin')

  return {
    start,
    startInBackground,
    followers,
    get: (id) => running.get(id),
    list: (by) => [...running.values()].filter((turn) => mayAbort(turn, by)),
    of: ({ clientId, key }) =>
      [...running.values()].filter(({ request: { session } }) => session?.key === key && session.clientId === clientId),
    get running() {
      return running.size
    },
    get waiting() {
      return options.slots.waiting
    },
    cancel(id, by) {
      const turn = running.get(id)
      if (!turn || !mayAbort(turn, by)) throw new GatewayError('not_found', 'There is no such running turn')
      turn.abort('cancelled')
    },
    stop(graceMs) {
      stopping = true
      const abortAll = () => running.forEach((turn) => turn.abort('shutdown'))
      if (graceMs === 0) abortAll()
      else setTimeout(abortAll, graceMs).unref()
    },
    async settled() {
      await Promise.all([...running.values()].map((turn) => turn.outcome))
      await Promise.all(ports.pending)
    }
  }
}

/** Ids grow with time, so that their index stays small; the random part makes them impossible to guess. */
const newTurnId = () => `turn_${Date.now().toString(36)}${randomUUID().replaceAll('-', '').slice(0, 18)}`

/** @throws GatewayError `not_allowed`; `agent_suspended` */
function refuseTarget(by: Principal, target: Target): void {
  const agentId = 'agent' in target ? target.agent.id : target.ofAgent
  if (agentId !== undefined) refuseAgent(by, agentId)
  else if ('model' in target) refuseModel(by, `${target.model.providerId}/${target.model.model}`)
  if ('agent' in target) refuseSuspended(target.agent)
}

interface Start {
  request: TurnRequest
  caller: AbortSignal
  recording: Recording | undefined
  startedAt: number
  meter: Meter
}

function startTurn({ request, caller, recording, startedAt, meter }: Start, options: TurnsOptions & DrivePorts): Turn {
  const controller = new AbortController()
  const abort = (reason: AbortReason) => controller.abort(new TurnAborted(reason))
  const log = new TurnLog(options.stallMs(), () => {
    abort('client_stalled')
    log.discard()
  })
  controller.signal.addEventListener('abort', () => log.release(), { once: true })
  const transcript = request.session || request.keep ? new Transcript() : undefined
  const progress: Progress = { usage: { input: 0, output: 0 }, transcript, recording }
  const { startClock, release } = watch(caller, request, controller, log)
  const run = { request, startedAt, signal: controller.signal, startClock, log, progress, meter }
  const driven = driveToEnd(run, release, options)
  const turn: Turn = {
    id: request.id,
    request,
    startedAt,
    opened: log.opened,
    outcome: driven,
    read: (take) => log.read(take),
    abort
  }
  void driven.then((outcome) => {
    const { provider, model, openedAt } = progress
    const firstMs = openedAt && openedAt - startedAt
    options.onFinished({ turn, outcome, provider, model, durationMs: Date.now() - startedAt, firstMs })
  })
  return turn
}

async function driveToEnd(run: Run, release: () => void, options: DrivePorts): Promise<Outcome> {
  const outcome = await drive(run, options)
  release()
  void run.log.append({ type: 'finished', outcome }, run.progress.finishedAt)
  return outcome
}

/**
 * Ties a turn to its caller and to its time limit. It may wait for its place as long as it may then take: the clock starts
 * anew once it has it.
 */
function watch(caller: AbortSignal, request: TurnRequest, controller: AbortController, log: TurnLog): Watch {
  const { target, timeoutSeconds } = request
  const leave = () => {
    controller.abort(new TurnAborted('client_closed'))
    log.discard()
  }
  if (caller.aborted) leave()
  else caller.addEventListener('abort', leave, { once: true })
  const seconds = timeoutSeconds ?? ('agent' in target ? target.agent.config.timeoutSeconds : undefined)
  const limit = (reason: (seconds: number) => GatewayError) =>
    seconds === undefined ? undefined : setTimeout(() => controller.abort(reason(seconds)), seconds * 1000)
  let timer = limit(waitedTooLong)
  return {
    startClock() {
      clearTimeout(timer)
      timer = limit(tooLong)
    },
    release() {
      clearTimeout(timer)
      caller.removeEventListener('abort', leave)
    }
  }
}

interface Watch {
  startClock(): void
  release(): void
}

const waitedTooLong = (seconds: number) =>
  new GatewayError('busy', `No place became free within ${seconds} s`, { retryAfterSeconds: 2 })

const tooLong = (seconds: number) => new GatewayError('provider_timeout', `The turn took longer than ${seconds} s`)
