import type { Json } from '../../json.ts'
import type { Usage } from '../../turns/event.ts'
import type { ModelFinish } from '../port.ts'

/** What is read of a chunk, or of a whole answer; servers send more, and leave out what they do not have. */
export interface Chunk {
  id?: unknown
  object?: unknown
  created?: unknown
  model?: unknown
  choices?: WireChoice[]
  usage?: WireUsage | null
  error?: { message?: string } | string
}

export interface WireChoice {
  delta?: Delta
  /** In place of `delta` in a whole answer. */
  message?: Delta
  finish_reason?: string | null
  logprobs?: { content?: Json[] | null; refusal?: Json[] | null } | null
}

export interface Delta {
  content?: string | null
  refusal?: string | null
  reasoning_content?: string | null
  reasoning?: string | null
  tool_calls?: ToolCallDelta[] | null
}

const KNOWN = new Set(['role', 'content', 'refusal', 'reasoning_content', 'reasoning', 'tool_calls', 'function_call'])

/** What a message or a piece of one holds beside what has events; undefined for nothing. */
export function moreOf(delta: Delta | undefined): { [key: string]: Json } | undefined {
  const more = Object.entries(delta ?? {}).filter(([key, value]) => !KNOWN.has(key) && isTelling(value))
  return more.length > 0 ? Object.fromEntries(more) : undefined
}

const isTelling = (value: unknown) =>
  value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0)

export interface ToolCallDelta {
  index?: number
  id?: string
  function?: { name?: string; arguments?: string }
}

interface WireUsage {
  prompt_tokens?: number
  completion_tokens?: number
  prompt_tokens_details?: { cached_tokens?: number; audio_tokens?: number } | null
  completion_tokens_details?: {
    reasoning_tokens?: number
    audio_tokens?: number
    accepted_prediction_tokens?: number
    rejected_prediction_tokens?: number
  } | null
}

export function toReason(reason: string): ModelFinish {
  if (reason === 'length' || reason === 'content_filter') return reason
  return reason === 'tool_calls' || reason === 'function_call' ? 'tool_calls' : 'stop'
}

export function toUsage({
  prompt_tokens: input = 0,
  completion_tokens: output = 0,
  prompt_tokens_details: given,
  completion_tokens_details: written
}: WireUsage): Usage {
  const parts: Partial<Usage> = {
    cachedInput: given?.cached_tokens,
    audioInput: given?.audio_tokens,
    reasoning: written?.reasoning_tokens,
    audioOutput: written?.audio_tokens,
    acceptedPrediction: written?.accepted_prediction_tokens,
    rejectedPrediction: written?.rejected_prediction_tokens
  }
  return { input, output, ...Object.fromEntries(Object.entries(parts).filter(([, count]) => count)) }
}
