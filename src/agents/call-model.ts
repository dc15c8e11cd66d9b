import type { ModelRef } from '../models/catalog.ts'
import { endedEarly } from '../models/failures.ts'
import type { Meter } from '../limits/meter.ts'
import { callOneOf, type CallPlace, type CallPorts } from '../models/fallback.ts'
import type { ModelFinish, ModelRequest } from '../models/port.ts'
import type { Emit } from '../turns/turn.ts'

export interface ModelCall {
  /** The model, and then those that may answer in its place. */
  models: readonly ModelRef[]
  /** What to ask one of them. */
  request(model: ModelRef): Omit<ModelRequest, 'model'>
  /** Who runs a tool of that name. */
  runBy(tool: string): 'agent' | 'client'
  /** Asks the first one alone, once, whatever its last calls came to. */
  trial: boolean
  place: CallPlace
  signal: AbortSignal
  emit: Emit
  /** What the call uses up is counted here. */
  meter: Meter
}

export interface ModelAnswer {
  /** Who answered. */
  by: ModelRef
  /** Why it stopped. */
  reason: ModelFinish
}

/** One call of a model, or of another in its place, told as events of a turn: those of the model that answered alone. */
export function callModel(
  { models, trial, place, signal, ...call }: ModelCall,
  ports: CallPorts
): Promise<ModelAnswer> {
  return callOneOf(
    {
      models,
      trial,
      place,
      signal,
      call: (by, answered) => stream(by, answered, { signal, ask: ports.ask, ...call })
    },
    ports
  )
}

/**
 * The model itself and its alternatives.
 * @param may whether one of these may be called
 */
export function withAlternatives(model: ModelRef, may: (alternative: ModelRef) => boolean): readonly ModelRef[] {
  const { alternatives } = model
  if (alternatives.length === 0) return [model]
  const isAnother = (other: ModelRef) => other.providerId !== model.providerId || other.model !== model.model
  return [model, ...alternatives.filter((other) => isAnother(other) && may(other))]
}

type Streaming = Pick<ModelCall, 'request' | 'runBy' | 'signal' | 'emit' | 'meter'> & Pick<CallPorts, 'ask'>

async function stream(
  by: ModelRef,
  answered: () => void,
  { request, runBy, signal, emit, meter, ask }: Streaming
): Promise<ModelAnswer> {
  const { providerId, model } = by
  const from = { provider: providerId, model }
  const asked = request(by)
  let opened = false
  meter.asks(by, asked)
  try {
    for await (const events of ask(by, { ...asked, model }, signal)) {
      for (const event of events) {
        if (event.type === 'usage') {
          await emit({ ...event, ...from })
          continue
        }
        if (!opened) {
          opened = true
          answered()
          await emit({ type: 'started', ...from })
        }
        if (event.type === 'finish') {
          await emit({ type: 'usage', usage: event.usage, ...from })
          return { by, reason: event.reason }
        }
        meter.says(event.delta)
        const room = emit(event.type === 'tool_call' ? { ...event, runBy: runBy(event.name) } : event)
        if (room) await room
      }
      signal.throwIfAborted()
    }
  } catch (error) {
    // Of a call that was given up nobody knows what its provider has read; one that failed at once has used nothing.
    if (!opened && !signal.aborted) meter.failed()
    throw error
  }
  if (!opened) meter.failed()
  throw endedEarly(providerId)
}
