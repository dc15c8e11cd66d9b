import type { Principal } from '../access/principal.ts'
import { GatewayError } from '../errors.ts'
import type { ModelRef } from '../models/catalog.ts'
import { userText } from '../models/message.ts'
import type { ModelSettings } from '../models/port.ts'
import type { FinishReason, Usage } from './event.ts'
import type { Turn } from './turn.ts'
import type { Turns } from './turns.ts'

export interface Trial {
  model: ModelRef
  by: Principal
  turns: Turns
  /** The caller has left. */
  leaving: AbortSignal
  /** The caller wants no answer any more. */
  cancelled: AbortSignal
}

/** What a model made of a tiny question. */
export interface TrialResult {
  turnId: string
  /** Milliseconds from the question to the first piece of the answer; undefined for an answer without any. */
  firstTokenMs: number | undefined
  totalMs: number
  /** What was answered, which is nothing where a model only reasoned. */
  text: string
  usage: Usage
  finishReason: FinishReason
  /** Why there is no answer. */
  error: GatewayError | undefined
}

const QUESTION = 'Answer with the one word: pong'
const FEW_TOKENS = 16
const MOST_TEXT = 1000
const LIMIT_MS = 30_000

/**
 * Asks a model a tiny question, in a turn like any other: it is counted, listed, and can be cancelled. A provider that
 * refuses so small a limit of the answer is asked again without one. Takes at most some 30 s.
 * @throws GatewayError `busy` once the gateway is shutting down
 */
export async function tryModel(trial: Trial): Promise<TrialResult> {
  const deadline = performance.now() + LIMIT_MS
  const result = await ask(trial, { maxOutputTokens: FEW_TOKENS }, LIMIT_MS)
  const left = deadline - performance.now()
  return result.error?.code === 'invalid_request' && left > 0 ? ask(trial, {}, left) : result
}

async function ask({ model, by, turns, leaving, cancelled }: Trial, settings: ModelSettings, limitMs: number) {
  const request = { by, target: { model, trial: true }, input: [userText(QUESTION)], settings, tools: [] }
  const turn = turns.start({ ...request, timeoutSeconds: Math.ceil(limitMs / 1000) }, leaving)
  const cancel = () => turn.abort('cancelled')
  cancelled.addEventListener('abort', cancel, { once: true })
  if (cancelled.aborted) cancel()
  try {
    return await read(turn)
  } finally {
    cancelled.removeEventListener('abort', cancel)
  }
}

async function read(turn: Turn): Promise<TrialResult> {
  const startedAt = performance.now()
  const elapsed = () => Math.round(performance.now() - startedAt)
  let text = ''
  let firstTokenMs: number | undefined
  await turn.read(({ event }) => {
    if (event.type === 'text' || event.type === 'reasoning') firstTokenMs ??= elapsed()
    if (event.type === 'text' && text.length < MOST_TEXT) text += event.delta
    return undefined
  })
  const { usage, finishReason, error } = await turn.outcome
  const stopped = finishReason === 'aborted' ? new GatewayError('aborted', 'The turn was cancelled') : error
  return {
    turnId: turn.id,
    firstTokenMs,
    totalMs: elapsed(),
    text: text.slice(0, MOST_TEXT),
    usage,
    finishReason,
    error: stopped
  }
}
