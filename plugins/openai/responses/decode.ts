import { GatewayError } from '../../../src/errors.ts'
import type { Json } from '../../../src/json.ts'
import type { Message } from '../../../src/models/message.ts'
import type { ModelSettings } from '../../../src/models/port.ts'
import type { Target, TurnRequest } from '../../../src/turns/turn.ts'
import { dropEmpty } from '../decode.ts'
import { toMessages } from './items.ts'
import type { Item, ResponseBody } from './schema.ts'
import { chooseTools, type ClientTools } from './tools.ts'

export interface DecodeOptions {
  target: Target
  tools: ClientTools
  /** The conversation of the response that this one continues. */
  earlier: readonly Message[]
  /** What an `item_reference` stands for. */
  find: (id: string) => Item | undefined
}

export interface Decoded {
  turn: Omit<TurnRequest, 'id' | 'by'>
  /** The part of its input that a response which continues it has to know. */
  news: Message[]
}

/** A request for a response as a turn. @throws GatewayError `invalid_request` that names what is at fault */
export function toTurn(body: ResponseBody, { target, tools: clientTools, earlier, find }: DecodeOptions): Decoded {
  const { tools, toolChoice } = chooseTools(body.tool_choice, clientTools)
  // Instructions are for one response alone: what continues it has its own.
  const instructions: Message[] = body.instructions ? [{ role: 'system', content: body.instructions }] : []
  const messages = toMessages(body.input, earlier, find)
  if (instructions.length + messages.length === 0) {
    throw new GatewayError('invalid_request', 'Missing required field: input (a text, or a list of items)', {
      param: 'input'
    })
  }
  const turn = {
    target,
    input: [...instructions, ...messages],
    settings: toSettings(body, toolChoice),
    tools,
    truncate: body.truncation === 'auto',
    maxToolCalls: body.max_tool_calls ?? undefined
  }
  return { turn, news: messages.slice(earlier.length) }
}

function toSettings(body: ResponseBody, toolChoice: ModelSettings['toolChoice']): ModelSettings {
  return dropEmpty({
    maxOutputTokens: body.max_output_tokens,
    temperature: body.temperature,
    topP: body.top_p,
    presencePenalty: body.presence_penalty,
    frequencyPenalty: body.frequency_penalty,
    reasoningEffort: body.reasoning?.effort,
    responseFormat: toFormat(body.text?.format),
    toolChoice,
    parallelToolCalls: body.parallel_tool_calls,
    logprobs: body.include?.includes(LOGPROBS) ? true : undefined,
    topLogprobs: body.include?.includes(LOGPROBS) ? body.top_logprobs : undefined,
    openai: dropEmpty({
      user: body.user,
      service_tier: body.service_tier,
      verbosity: body.text?.verbosity,
      prompt_cache_key: body.prompt_cache_key,
      safety_identifier: body.safety_identifier
    })
  })
}

const LOGPROBS = 'message.output_text.logprobs'

function toFormat(format: NonNullable<ResponseBody['text']>['format']): ModelSettings['responseFormat'] {
  if (!format || format.type === 'text') return undefined
  if (format.type === 'json_object' || !('schema' in format)) return { type: 'json' }
  const { schema, name, description, strict } = format
  return {
    type: 'json',
    schema: schema as { [key: string]: Json } | undefined,
    name,
    description: description ?? undefined,
    strict: strict ?? undefined
  }
}
