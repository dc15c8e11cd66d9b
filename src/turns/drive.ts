import { type ErrorCode, GatewayError, asGatewayError } from '../errors.ts'
import type { Leases } from '../cluster/leases.ts'
import type { Events } from '../events/events.ts'
import type { Meter } from '../limits/meter.ts'
import { amountOf } from '../limits/price.ts'
import type { Slots } from '../limits/slots.ts'
import { billOf } from '../limits/spending.ts'
import { leaseKey } from '../sessions/key.ts'
import { type Message, textOf } from '../models/message.ts'
import type { FinishedTurn, Fulfilment, HeldText, TurnStore } from '../storage/port.ts'
import { addUsage, type Outcome, type Usage } from './event.ts'
import type { TurnLog } from './log.ts'
import { placeOf } from './place.ts'
import type { Recording } from './recording.ts'
import { tellCreated, tellFinished, tellFulfilled, tellGivenUp, tellHandedIn, tellReceived } from './tell.ts'
import type { Transcript } from './transcript.ts'
import { type RunEvent, type RunTurn, TurnAborted, type TurnRequest } from './turn.ts'

export interface DrivePorts {
  leases: Leases
  slots: Slots
  events: Events
  turns: TurnStore
  runTurn: RunTurn
  /** Ends of turns that are on their way to the store. */
  pending: Set<Promise<unknown>>
  /** The end of a turn could not be stored, after its client was told of it. */
  onUnstored(id: string, error: unknown): void
  /** USD per million tokens, where the configuration tells. */
  priceOf(provider: string, model: string): { input: number; output: number } | undefined
}

/** How far a turn came: which model answered, what it used and what it said. */
export interface Progress {
  provider?: string
  model?: string
  /** When its model began, in milliseconds since the epoch. */
  openedAt?: number
  usage: Usage
  /** Of the calls of models that have a price. */
  costUsd?: number
  /** When it ended, in milliseconds since the epoch: all who tell of its end tell this. */
  finishedAt?: number
  transcript: Transcript | undefined
  recording: Recording | undefined
}

export interface Run {
  request: TurnRequest
  startedAt: number
  signal: AbortSignal
  /** Begins to count its time: what it waits for a place is not its own. */
  startClock(): void
  log: TurnLog
  progress: Progress
  /** Settled when the turn has ended. */
  meter: Meter
}

/** Runs a turn into its log, from the lease on its session to its stored end. Never rejects: what failed is the outcome. */
export async function drive(run: Run, ports: DrivePorts): Promise<Outcome> {
  const { request, signal } = run
  try {
    if (!request.session) {
      using _slot = await ports.slots.acquire(request.by.clientId, signal)
      run.startClock()
      ports.events.add(tellReceived(request, ports.events))
      const outcome = await work(run, ports, signal)
      if (request.keep) return await finish(run, 0, outcome, ports) // it can be gone on from once its client is told
      return recordLater(run, outcome, ports)
    }
    await using lease = await ports.leases.acquire(leaseKey(request.session), signal)
    using _slot = await ports.slots.acquire(request.by.clientId, signal)
    run.startClock()
    await begin(run, lease.fence, ports)
    const outcome = await work(run, ports, AbortSignal.any([signal, lease.lost]))
    return await finish(run, lease.fence, outcome, ports) // awaited before the lease goes
  } catch (error) {
    const outcome = failed(error, run)
    // That there is no room is for whoever asked, and would flood the journal just when there is most to do.
    if (outcome.error && !NO_ROOM.has(outcome.error.code)) tellUnstored(request, outcome.error, ports.events)
    return outcome
  } finally {
    run.meter.settle()
  }
}

const NO_ROOM: ReadonlySet<ErrorCode> = new Set(['busy', 'storage_full'])

/** A turn that failed where its end is not stored: it could not begin, or its store failed. */
function tellUnstored(request: TurnRequest, { code, message }: GatewayError, events: Events): void {
  events.emit('system:error', { ...placeOf(request), source: 'turn', code, message })
}

/** Without a session there is nothing to go on with, only usage to be counted: the client does not wait for that. */
function recordLater(run: Run, outcome: Outcome, ports: DrivePorts): Outcome {
  const stored = finish(run, 0, outcome, ports).catch((error: unknown) => ports.onUnstored(run.request.id, error))
  ports.pending.add(stored)
  void stored.then(() => ports.pending.delete(stored))
  return outcome
}

async function begin({ request, startedAt }: Run, fence: number, { turns, events }: DrivePorts): Promise<void> {
  const { id, by, session, input, target, fulfils } = request
  if (!session || !('agent' in target)) throw new TypeError('only a turn of an agent has a session')
  await turns.begin({
    id,
    clientId: by.clientId,
    session,
    agentId: target.agent.id,
    fence,
    startedAt,
    input,
    again: fulfils !== undefined,
    events: [tellReceived(request, events)],
    eventsIfNew: tellCreated(request, events)
  })
}

async function work(run: Run, ports: DrivePorts, signal: AbortSignal): Promise<Outcome> {
  try {
    const finishReason = await ports.runTurn(run.request, signal, (event) => note(event, run, ports), run.meter)
    signal.throwIfAborted()
    return { finishReason, usage: run.progress.usage }
  } catch (error) {
    noteBrokenOff(run, ports)
    return failed(error, run)
  }
}

/** A client that leaves before the provider has told what it used has used it all the same. */
function noteBrokenOff({ meter, progress }: Run, { priceOf }: DrivePorts): void {
  const { brokenOff } = meter
  if (brokenOff) noteUsage(brokenOff, progress, meter, priceOf)
}

function note(
  event: RunEvent,
  { request, log, progress, meter }: Run,
  { events, priceOf }: DrivePorts
): Promise<void> | undefined {
  if (event.type === 'text' && events.watched) {
    events.emit('message:streaming', { ...placeOf(request), delta: event.delta })
  }
  if (event.type === 'started') noteStart(event, progress)
  if (event.type === 'usage') noteUsage(event, progress, meter, priceOf)
  progress.transcript?.append(event)
  const stored = progress.recording?.add(event)
  const read = log.append(event)
  return stored ? both(stored, read) : read
}

function noteStart({ provider, model }: Extract<RunEvent, { type: 'started' }>, progress: Progress): void {
  Object.assign(progress, { provider, model })
  progress.openedAt ??= Date.now()
}

async function both(stored: Promise<void>, read: Promise<void> | undefined): Promise<void> {
  await stored
  await read
}

/** Each call has the price of the model that was called: of a turn, several may have been. */
function noteUsage(
  { usage, provider, model }: { usage: Usage; provider: string; model: string },
  progress: Progress,
  meter: Meter,
  priceOf: DrivePorts['priceOf']
): void {
  const price = priceOf(provider, model)
  const { usd } = amountOf(usage, price)
  Object.assign(progress, { provider, model, usage: addUsage(progress.usage, usage) })
  if (price) progress.costUsd = (progress.costUsd ?? 0) + usd
  meter.uses(usage, usd)
}

/** An abort from outside is an outcome of its own; a time-out, and whatever else was thrown, is an error. */
function failed(error: unknown, { signal, progress: { usage } }: Run): Outcome {
  const cause: unknown = signal.aborted ? signal.reason : error
  if (cause instanceof TurnAborted) return { finishReason: 'aborted', usage }
  return { finishReason: 'error', usage, error: asGatewayError(cause) }
}

async function finish(run: Run, fence: number, outcome: Outcome, ports: DrivePorts): Promise<Outcome> {
  const { charge, events: reached } = billOf(run.meter, run.request.by, ports.events) // before anything is waited for
  const finishedAt = (run.progress.finishedAt = Date.now())
  const kept = await run.progress.recording?.end(outcome, outputOf(run, outcome), finishedAt)
  const turn = { ...toFinished(run, fence, outcome), finishedAt, kept }
  const events = [...tellFinished(run.request, turn, outcome.error?.message, ports.events), ...reached]
  if (turn.fulfils && !turn.fulfils.answer) events.push(...tellFulfilled(run.request, turn.fulfils, ports.events))
  const toHandedIn = (text: Omit<HeldText, 'text'>) => tellHandedIn(text, run.request, ports.events)
  const toGivenUp = (text: Omit<HeldText, 'text'>, reason: string) =>
    tellGivenUp(text, reason, run.request, ports.events)
  if (!(await ports.turns.finish({ ...turn, charge, events, toHandedIn, toGivenUp }))) {
    throw new GatewayError('internal', 'The turn was taken over by another process')
  }
  return outcome
}

function toFinished(run: Run, fence: number, outcome: Outcome): Omit<FinishedTurn, 'events' | 'finishedAt'> {
  const { request, startedAt, progress } = run
  const { id, by, session, target } = request
  const { provider, model, costUsd, transcript } = progress
  return {
    id,
    clientId: by.clientId,
    session,
    agentId: 'agent' in target ? target.agent.id : undefined,
    provider,
    model,
    fence,
    startedAt,
    finishReason: outcome.finishReason,
    errorCode: outcome.error?.code,
    usage: outcome.usage,
    costUsd,
    fulfils: fulfilmentOf(request, outcome, transcript),
    output: (run.request.session && transcript?.complete) ?? []
  }
}

const UNSENT = 'The agent answered without a text: nothing was sent'

/** What is left to do for the delivery that started the turn; undefined where the turn is to be tried again. */
function fulfilmentOf(
  { fulfils }: TurnRequest,
  { finishReason }: Outcome,
  transcript: Transcript | undefined
): Fulfilment | undefined {
  if (!fulfils || finishReason === 'error' || finishReason === 'aborted') return undefined
  const { deliveryId, answerTo } = fulfils
  const text = (transcript?.complete ?? [])
    .filter(({ role }) => role === 'assistant')
    .map(textOf)
    .join('')
  if (!answerTo) return { deliveryId }
  return text.trim() === '' ? { deliveryId, unsent: UNSENT } : { deliveryId, answer: { ...answerTo, text } }
}

/** Calls of the client's tools are there to be answered, unless the turn broke off in them. */
function outputOf({ progress: { transcript } }: Run, { finishReason }: Outcome): Message[] {
  return (finishReason === 'tool_calls' ? transcript?.all : transcript?.complete) ?? []
}
