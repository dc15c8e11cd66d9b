import { tracingChannel } from 'node:diagnostics_channel'
import { toRpcError } from './errors.ts'
import type { RpcId } from './message.ts'

/** A call as tracers see it: the same object at each of its stages, so that it can key what they keep. */
export interface TracedCall {
  readonly method: string
  readonly clientId: string
  /** Undefined: a notification. */
  readonly id: RpcId | undefined
  /** What it failed of, from the stage `error` on. */
  error?: unknown
}

/** How a call went. */
export interface CallReport {
  method: string
  clientId: string
  ms: number
  /** The code of its error; undefined when it went well. */
  code: number | undefined
}

type Outcome = string | Promise<string>

/** `tracing:comis-gateway:rpc:start`, `end`, `asyncStart`, `asyncEnd`, `error`: of all gateways in the process. */
const channel = tracingChannel<unknown, TracedCall>('comis-gateway:rpc')

/** Whether anyone traces: most of the time nobody does, and then it is to cost nothing. */
export const isTraced = (): boolean => channel.hasSubscribers

/**
 * Runs a call within its stages.
 * @throws what it throws
 */
export function trace(call: TracedCall, run: () => Outcome): Outcome {
  return channel.start.runStores(call, () => {
    try {
      const outcome = run()
      if (outcome instanceof Promise)
        void outcome.then(
          () => tellSettled(call),
          (error: unknown) => tellSettled(call, error)
        )
      return outcome
    } catch (error) {
      tellError(call, error)
      throw error
    } finally {
      channel.end.publish(call)
    }
  })
}

function tellSettled(call: TracedCall, error?: unknown): void {
  if (error !== undefined) tellError(call, error)
  channel.asyncStart.publish(call)
  channel.asyncEnd.publish(call)
}

function tellError(call: TracedCall, error: unknown): void {
  call.error = error
  channel.error.publish(call)
}

/**
 * Runs a call and reports how it went.
 * @throws what it throws
 */
export function time(call: TracedCall, run: () => Outcome, report: (report: CallReport) => void): Outcome {
  const since = performance.now()
  const { method, clientId } = call
  function tell(code: number | undefined): void {
    report({ method, clientId, ms: Math.round((performance.now() - since) * 10) / 10, code })
  }
  const fail = (error: unknown) => tell(toRpcError(error).code)
  try {
    const outcome = run()
    if (outcome instanceof Promise) void outcome.then(() => tell(undefined), fail)
    else tell(undefined)
    return outcome
  } catch (error) {
    fail(error)
    throw error
  }
}
