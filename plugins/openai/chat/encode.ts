import { GatewayError } from '../../../src/errors.ts'
import type { Entry, Outcome, TurnEvent, Usage } from '../../../src/turns/event.ts'
import type { Turn } from '../../../src/turns/turn.ts'
import { toFailure } from '../../errors/failure.ts'
import { openAiForm } from '../errors.ts'
import type { ChatCompletion } from './schema.ts'

type Finish = 'stop' | 'length' | 'tool_calls' | 'content_filter'

/** OpenAI has no finish reason for a turn that failed or was aborted: those leave as errors. */
function finishOf({ finishReason, error }: Outcome): Finish | GatewayError {
  if (finishReason === 'aborted') return new GatewayError('aborted', 'The turn was aborted')
  if (finishReason === 'error') return error ?? new GatewayError('internal', 'Internal server error')
  return finishReason === 'max_steps' || finishReason === 'budget_exceeded' ? 'length' : finishReason
}

const idOf = (turn: Turn) => turn.id.replace(/^turn_/, 'chatcmpl-')
const createdOf = (turn: Turn) => Math.floor(turn.startedAt / 1000)

export interface StreamOptions {
  /** The model, as the client named it. */
  model: string
  /** Whether a chunk with the usage comes before the end, as `stream_options.include_usage` asks. */
  includeUsage: boolean
}

/** Encodes a turn as chunks of a chat completion, `data: [DONE]` at its end. A pure function of the turn's entries. */
export function chunkEncoder(turn: Turn, { model, includeUsage }: StreamOptions): (entry: Entry) => string | string[] {
  const head = `data: {"id":${JSON.stringify(idOf(turn))},"object":"chat.completion.chunk","created":${createdOf(turn)},"model":${JSON.stringify(model)},`
  const calls = new Map<string, number>()
  const delta = (json: string, finish = 'null') =>
    `${head}"choices":[{"index":0,"delta":${json},"logprobs":null,"finish_reason":${finish}}]${includeUsage ? ',"usage":null' : ''}}\n\n`

  return ({ event }) => {
    switch (event.type) {
      case 'started':
        return delta('{"role":"assistant","content":"","refusal":null}')
      case 'text':
        return delta(`{"content":${JSON.stringify(event.delta)}}`)
      case 'reasoning':
        return delta(`{"reasoning_content":${JSON.stringify(event.delta)}}`)
      case 'tool_call':
        return event.runBy === 'client' ? delta(toolCallDelta(event, calls)) : ''
      case 'finished':
        return end(event.outcome)
      default:
        return ''
    }
  }

  /** The last frames, each to be written by itself. An error's status is gone by now, so that a line tells it. */
  function end(outcome: Outcome): string[] {
    const finish = finishOf(outcome)
    if (finish instanceof GatewayError) return [`data: ${JSON.stringify(openAiForm(toFailure(finish, 0)))}\n\n`, DONE]
    const usage = `${head}"choices":[],"usage":${JSON.stringify(toUsage(outcome.usage))}}\n\n`
    return [delta('{}', JSON.stringify(finish)), ...(includeUsage ? [usage] : []), DONE]
  }
}

const DONE = 'data: [DONE]\n\n'

type ToolCallEvent = Extract<TurnEvent, { type: 'tool_call' }>

function toolCallDelta({ callId, name, delta }: ToolCallEvent, calls: Map<string, number>): string {
  const known = calls.get(callId)
  if (known !== undefined) return JSON.stringify({ tool_calls: [{ index: known, function: { arguments: delta } }] })
  const index = calls.size
  calls.set(callId, index)
  return JSON.stringify({ tool_calls: [{ index, id: callId, type: 'function', function: { name, arguments: delta } }] })
}

const toUsage = ({ input, output, cachedInput = 0, reasoning = 0 }: Usage) => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  prompt_tokens_details: { cached_tokens: cachedInput },
  completion_tokens_details: { reasoning_tokens: reasoning }
})

/**
 * Reads a turn to its end and encodes it as one chat completion.
 * @throws GatewayError when the turn failed or was aborted
 */
export async function readCompletion(turn: Turn, model: string): Promise<ChatCompletion> {
  let text = ''
  let reasoning = ''
  const calls = new Map<string, { name: string; arguments: string }>()
  await turn.read(({ event }) => {
    if (event.type === 'text') text += event.delta
    else if (event.type === 'reasoning') reasoning += event.delta
    else if (event.type === 'tool_call' && event.runBy === 'client') {
      const call = calls.get(event.callId) ?? { name: event.name, arguments: '' }
      calls.set(event.callId, { ...call, arguments: call.arguments + event.delta })
    }
    return undefined
  })
  const outcome = await turn.outcome
  const finish = finishOf(outcome)
  if (finish instanceof GatewayError) throw finish
  const toolCalls = [...calls].map(([id, call]) => ({ id, type: 'function' as const, function: call }))
  return {
    id: idOf(turn),
    object: 'chat.completion',
    created: createdOf(turn),
    model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text || (toolCalls.length > 0 ? null : ''),
          ...(reasoning && { reasoning_content: reasoning }),
          refusal: null,
          ...(toolCalls.length > 0 && { tool_calls: toolCalls })
        },
        logprobs: null,
        finish_reason: finish
      }
    ],
    usage: toUsage(outcome.usage)
  }
}
