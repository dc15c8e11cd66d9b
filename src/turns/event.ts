import { GatewayError } from '../errors.ts'
import type { Json } from '../json.ts'
import type { TextEvent } from '../models/port.ts'

/** Why a turn ended. */
export type FinishReason =
  | 'stop'
  | 'length'
  | 'max_steps'
  | 'tool_calls'
  | 'content_filter'
  | 'budget_exceeded'
  | 'aborted'
  | 'error'

/** Tokens of a turn, summed over its calls of the model. */
export interface Usage {
  input: number
  output: number
  /** Part of `input` that came from the provider's cache. */
  cachedInput?: number
  /** Part of `output` that was spent on reasoning. */
  reasoning?: number
  /** Parts of `input` and `output` that were sound. */
  audioInput?: number
  audioOutput?: number
  /** Tokens of a predicted answer that the answer took, and that it did not. */
  acceptedPrediction?: number
  rejectedPrediction?: number
  /** Part of `input` and `output` that no provider told: of calls that were broken off, by the size of what was seen. */
  estimated?: number
}

/** How a turn ended; `error` is there exactly when `finishReason` is `error`. */
export interface Outcome {
  finishReason: FinishReason
  usage: Usage
  error?: GatewayError
}

/** How a turn ended whose process did not see its end. */
export const interrupted = (): Outcome => ({
  finishReason: 'error',
  usage: { input: 0, output: 0 },
  error: new GatewayError('internal', 'The gateway stopped before this turn ended')
})

/**
 * What happens in a turn, in order: `started` first, `finished` last and exactly once. A tool call comes in fragments
 * under one `callId` (the first may have an empty `delta`), whose concatenation is its arguments as JSON text.
 */
export type TurnEvent =
  | { type: 'started'; provider: string; model: string }
  | TextEvent
  | { type: 'reasoning'; delta: string }
  | { type: 'tool_call'; callId: string; name: string; delta: string; runBy: 'agent' | 'client' }
  | { type: 'tool_result'; callId: string; name: string; output: Json }
  /** Of one call of a model, which may have failed. */
  | { type: 'usage'; usage: Usage; provider: string; model: string }
  | { type: 'finished'; outcome: Outcome }

/** An event with its place in the turn: `seq` counts from 1. */
export interface Entry {
  readonly seq: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly event: TurnEvent
}

export function addUsage(sum: Usage, more: Usage): Usage {
  const usage = { ...sum }
  for (const [key, count] of Object.entries(more) as [keyof Usage, number][]) usage[key] = (usage[key] ?? 0) + count
  return usage
}
