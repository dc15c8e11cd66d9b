import { GatewayError } from '../../../src/errors.ts'
import type { Outcome, Usage } from '../../../src/turns/event.ts'
import type { Turn } from '../../../src/turns/turn.ts'
import type { Choice, CompletionUsage } from './schema.ts'

/** What an answer's form depends on. */
export interface AnswerForm {
  /** The model, as the client named it. */
  model: string
  /** Names of the client's tools that take free text. */
  customTools: ReadonlySet<string>
  /** Whether a call leaves as `function_call`, as before there were tools. */
  asFunction: boolean
}

/** OpenAI has no finish reason for a turn that failed or was aborted: those leave as errors. */
export function finishOf(
  { finishReason, error }: Outcome,
  { asFunction }: Pick<AnswerForm, 'asFunction'>
): Choice['finish_reason'] | GatewayError {
  if (finishReason === 'aborted') return new GatewayError('aborted', 'The turn was aborted')
  if (finishReason === 'error') return error ?? new GatewayError('internal', 'Internal server error')
  if (finishReason === 'tool_calls' && asFunction) return 'function_call'
  return finishReason === 'max_steps' || finishReason === 'budget_exceeded' ? 'length' : finishReason
}

/** What a completion is called and when it was made: as its first choice's turn. */
export const identityOf = ([first]: readonly Turn[]) => ({
  id: first?.id.replace(/^turn_/, 'chatcmpl-') ?? '',
  created: Math.floor((first?.startedAt ?? 0) / 1000)
})

export const toUsage = (usage: Usage): CompletionUsage => ({
  prompt_tokens: usage.input,
  completion_tokens: usage.output,
  total_tokens: usage.input + usage.output,
  prompt_tokens_details: { cached_tokens: usage.cachedInput ?? 0, audio_tokens: usage.audioInput ?? 0 },
  completion_tokens_details: {
    reasoning_tokens: usage.reasoning ?? 0,
    audio_tokens: usage.audioOutput ?? 0,
    accepted_prediction_tokens: usage.acceptedPrediction ?? 0,
    rejected_prediction_tokens: usage.rejectedPrediction ?? 0
  }
})
