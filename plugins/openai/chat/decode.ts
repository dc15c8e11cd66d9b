import { GatewayError } from '../../../src/errors.ts'
import type { Json } from '../../../src/json.ts'
import type { ModelSettings, PassOn } from '../../../src/models/port.ts'
import type { Target, TurnRequest } from '../../../src/turns/turn.ts'
import { dropEmpty } from '../decode.ts'
import { toMessages } from './messages.ts'
import type { ChatCompletionBody } from './schema.ts'
import { chooseTools } from './tools.ts'

/**
 * A chat completion request as a turn. The history comes with it, so that it has no session.
 * @throws GatewayError `invalid_request` that names what is at fault
 */
export function toTurn(body: ChatCompletionBody, target: Target): Omit<TurnRequest, 'id' | 'by'> {
  if ('agent' in target && choicesOf(body) > 1) throw invalid('n', 'an agent gives one answer')
  if (body.modalities?.some((kind) => kind !== 'text')) throw invalid('modalities', 'answers are text')
  const { tools, toolChoice } = chooseTools(body)
  return {
    target,
    input: toMessages(body.messages),
    settings: toSettings(body, toolChoice),
    tools,
    passOn: toPassOn(body)
  }
}

/** Chunks of one of several choices say that they are of the first: they are not passed on. */
function toPassOn(body: ChatCompletionBody): PassOn | undefined {
  if (!body.stream) return 'whole'
  return choicesOf(body) === 1 ? 'chunks' : undefined
}

/** How many answers a request asks for. */
export const choicesOf = ({ n }: ChatCompletionBody): number => n ?? 1

const invalid = (param: string, message: string) =>
  new GatewayError('invalid_request', `Invalid field: ${param}: ${message}`, { param })

function toSettings(body: ChatCompletionBody, toolChoice: ModelSettings['toolChoice']): ModelSettings {
  const { stop } = body
  return dropEmpty({
    maxOutputTokens: body.max_completion_tokens ?? body.max_tokens,
    temperature: body.temperature,
    topP: body.top_p,
    presencePenalty: body.presence_penalty,
    frequencyPenalty: body.frequency_penalty,
    seed: body.seed,
    stop: typeof stop === 'string' ? [stop] : stop,
    reasoningEffort: body.reasoning_effort,
    responseFormat: toFormat(body.response_format),
    toolChoice,
    parallelToolCalls: body.parallel_tool_calls,
    logprobs: body.logprobs,
    topLogprobs: body.top_logprobs,
    openai: ofOpenAi(body)
  })
}

/** What only servers of OpenAI's wire format understand, as it came. */
function ofOpenAi(body: ChatCompletionBody): ModelSettings['openai'] {
  return dropEmpty({
    user: body.user,
    metadata: body.metadata,
    service_tier: body.service_tier,
    store: body.store,
    verbosity: body.verbosity,
    prediction: body.prediction as { [key: string]: Json } | null | undefined,
    web_search_options: body.web_search_options as { [key: string]: Json } | null | undefined,
    modalities: body.modalities,
    logit_bias: body.logit_bias,
    prompt_cache_key: body.prompt_cache_key,
    safety_identifier: body.safety_identifier
  })
}

function toFormat(format: ChatCompletionBody['response_format']): ModelSettings['responseFormat'] {
  if (!format || format.type === 'text') return undefined
  if (!('json_schema' in format)) return { type: 'json' }
  const { schema, name, description, strict } = format.json_schema
  return {
    type: 'json',
    schema: (schema ?? undefined) as { [key: string]: Json } | undefined,
    name,
    description: description ?? undefined,
    strict: strict ?? undefined
  }
}
