import { randomUUID } from 'node:crypto'
import { allows, type Principal } from '../access/principal.ts'
import { GatewayError } from '../errors.ts'
import type { SessionRef } from '../storage/port.ts'
import { refuseSuspended } from '../agents/registry.ts'
import { drive, type DrivePorts, type Progress, type Run } from './drive.ts'
import type { Outcome } from './event.ts'
import { TurnLog } from './log.ts'
import { Transcript } from './transcript.ts'
import { type AbortReason, clientOf, type Turn, TurnAborted, type TurnRequest } from './turn.ts'

/** A turn that has ended, for those who keep count. */
export interface TurnSummary {
  turn: Turn
  outcome: Outcome
  provider: string | undefined
  model: string | undefined
  durationMs: number
}

export interface TurnsOptions extends Omit<DrivePorts, 'pending'> {
  /** How long a reader may take nothing before it is given up, and its turn aborted. */
  stallMs(): number
  onFinished(summary: TurnSummary): void
}

/** The turns of this process. Whatever protocol asks for one, it is started here. */
export interface Turns {
  /**
   * Starts a turn that is attached to its caller: the signal aborts it.
   * @throws GatewayError `agent_suspended`; `busy` once the gateway is shutting down
   */
  start(request: Omit<TurnRequest, 'id'>, caller: AbortSignal): Turn
  /** The running turns of a client, and those in its sessions; an admin sees those of all. */
  list(by: Principal): Turn[]
  /** Those that run in a session, or wait for their turn in it. */
  of(session: SessionRef): Turn[]
  /** How many run. */
  readonly running: number
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
  let stopping = false

  function start(request: Omit<TurnRequest, 'id'>, caller: AbortSignal): Turn {
    if (stopping) throw new GatewayError('busy', 'The gateway is shutting down', { retryAfterSeconds: 5 })
    if ('agent' in request.target) refuseSuspended(request.target.agent)
    const turn = startTurn({ ...request, id: newTurnId() }, caller, ports)
    running.set(turn.id, turn)
    void turn.outcome.then(() => running.delete(turn.id))
    return turn
  }

  const mayAbort = ({ request }: Turn, by: Principal) =>
    request.by.clientId === by.clientId || clientOf(request) === by.clientId || allows(by, 'admin')

  return {
    start,
    list: (by) => [...running.values()].filter((turn) => mayAbort(turn, by)),
    of: ({ clientId, key }) =>
      [...running.values()].filter(({ request: { session } }) => session?.key === key && session.clientId === clientId),
    get running() {
      return running.size
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

function startTurn(request: TurnRequest, caller: AbortSignal, options: TurnsOptions & DrivePorts): Turn {
  const startedAt = Date.now()
  const controller = new AbortController()
  const abort = (reason: AbortReason) => controller.abort(new TurnAborted(reason))
  const log = new TurnLog(options.stallMs(), () => {
    abort('client_stalled')
    log.discard()
  })
  controller.signal.addEventListener('abort', () => log.release(), { once: true })
  const progress: Progress = { usage: { input: 0, output: 0 }, transcript: request.session && new Transcript() }
  const release = watch(caller, request, controller, log)
  const driven = driveToEnd({ request, startedAt, signal: controller.signal, log, progress }, options).finally(release)
  const turn: Turn = {
    id: request.id,
    request,
    startedAt,
    opened: Promise.race([log.opened, driven]),
    outcome: driven,
    read: (take) => log.read(take),
    abort
  }
  void driven.then((outcome) => {
    const { provider, model } = progress
    options.onFinished({ turn, outcome, provider, model, durationMs: Date.now() - startedAt })
  })
  return turn
}

async function driveToEnd(run: Run, options: DrivePorts): Promise<Outcome> {
  const outcome = await drive(run, options)
  void run.log.append({ type: 'finished', outcome })
  return outcome
}

/** Ties a turn to its caller and to its time limit. @returns what unties it again */
function watch(caller: AbortSignal, request: TurnRequest, controller: AbortController, log: TurnLog): () => void {
  const { target, timeoutSeconds } = request
  const leave = () => {
    controller.abort(new TurnAborted('client_closed'))
    log.discard()
  }
  if (caller.aborted) leave()
  else caller.addEventListener('abort', leave, { once: true })
  const seconds = timeoutSeconds ?? ('agent' in target ? target.agent.config.timeoutSeconds : undefined)
  const timer = seconds && setTimeout(() => controller.abort(tooLong(seconds)), seconds * 1000)
  return () => {
    clearTimeout(timer)
    caller.removeEventListener('abort', leave)
  }
}

const tooLong = (seconds: number) => new GatewayError('provider_timeout', `The turn took longer than ${seconds} s`)
