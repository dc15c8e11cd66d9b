import type { Usage } from '../../../src/turns/event.ts'
import type { ResponseBody } from './schema.ts'
import type { ClientTools } from './tools.ts'

export type Status = 'queued' | 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled'

/** An item of an answer. */
export type OutputItem = { type: string; id: string; [key: string]: unknown }

/** How far a response is. */
export interface State {
  status: Status
  output: OutputItem[]
  /** Seconds since the epoch. */
  completedAt: number | null
  usage: Usage | undefined
  error: { code: string; message: string } | null
  incomplete: string | undefined
}

/** What a response says of its request: the same in every event. */
export type Echo = ReturnType<typeof echoOf>

/** Every field that the OpenResponses specification asks for, also where the request left it out. */
export function echoOf(body: ResponseBody, { specs }: ClientTools) {
  return {
    model: body.model,
    previous_response_id: body.previous_response_id ?? null,
    instructions: body.instructions ?? null,
    tools: specs.map(({ name, description, parameters, strict }) => ({
      type: 'function',
      name,
      description: description ?? null,
      parameters,
      strict: strict ?? null
    })),
    tool_choice: toolChoice(body.tool_choice),
    truncation: body.truncation ?? 'disabled',
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    text: { format: textFormat(body.text?.format), ...(body.text?.verbosity && { verbosity: body.text.verbosity }) },
    top_p: body.top_p ?? 1,
    presence_penalty: body.presence_penalty ?? 0,
    frequency_penalty: body.frequency_penalty ?? 0,
    top_logprobs: body.top_logprobs ?? 0,
    temperature: body.temperature ?? 1,
    reasoning: body.reasoning
      ? { effort: effortOf(body.reasoning.effort), summary: summaryOf(body.reasoning.summary) }
      : null,
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: body.max_tool_calls ?? null,
    store: body.store ?? true,
    background: body.background ?? false,
    service_tier: body.service_tier ?? 'default',
    metadata: body.metadata ?? {},
    safety_identifier: body.safety_identifier ?? null,
    prompt_cache_key: body.prompt_cache_key ?? null
  }
}

/** The specification has no word for the least and the most. */
const effortOf = (effort: string | null | undefined) =>
  effort === 'minimal' || effort === 'max' ? null : (effort ?? null)

const SUMMARIES = new Set(['concise', 'detailed', 'auto'])
const summaryOf = (summary: string | null | undefined) => (summary && SUMMARIES.has(summary) ? summary : null)

/** Custom tools are told as the functions that the model is given; what others host is not told, and neither is a choice of it. */
function toolChoice(choice: ResponseBody['tool_choice']): unknown {
  if (!choice) return 'auto'
  if (typeof choice === 'string') return choice
  if (!('tools' in choice)) return isOurs(choice) ? { type: 'function', name: choice.name } : 'auto'
  const tools = choice.tools.filter(isOurs).map(({ name }) => ({ type: 'function', name }))
  return { type: 'allowed_tools', tools, mode: choice.mode ?? 'auto' }
}

const isOurs = ({ type }: { type: string }) => type === 'function' || type === 'custom'

function textFormat(format: NonNullable<ResponseBody['text']>['format']): object {
  if (format?.type !== 'json_schema') return { type: format?.type ?? 'text' }
  const { name = 'response', description, schema, strict } = format
  return {
    type: 'json_schema',
    name,
    description: description ?? null,
    schema: schema ?? null,
    strict: strict ?? false
  }
}

/** A response as `GET /v1/responses/:id` tells it, and as it stands in events. */
export const toResource = (id: string, createdAt: number, echo: Echo, state: State) => ({
  id,
  object: 'response' as const,
  created_at: createdAt,
  completed_at: state.completedAt,
  status: state.status,
  incomplete_details: state.incomplete ? { reason: state.incomplete } : null,
  output: state.output,
  error: state.error,
  usage: state.usage ? toUsage(state.usage) : null,
  ...echo
})
export type Resource = ReturnType<typeof toResource>

export const toUsage = ({ input, output, cachedInput = 0, reasoning = 0 }: Usage) => ({
  input_tokens: input,
  input_tokens_details: { cached_tokens: cachedInput },
  output_tokens: output,
  output_tokens_details: { reasoning_tokens: reasoning },
  total_tokens: input + output
})
