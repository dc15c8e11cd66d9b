import Type, { type Static, type TSchema } from 'typebox'
import { ChatMessage } from './message-schema.ts'
import { Callable, FunctionChoice, Tool, ToolChoice } from './tool-schema.ts'

const optional = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]))

const ResponseFormat = Type.Union(
  [
    Type.Object({ type: Type.Enum(['text', 'json_object']) }),
    Type.Object({
      type: Type.Literal('json_schema'),
      json_schema: Type.Object({
        name: Type.Optional(Type.String()),
        description: optional(Type.String()),
        schema: optional(Type.Record(Type.String(), Type.Unknown())),
        strict: optional(Type.Boolean())
      })
    })
  ],
  { description: 'a format of the type text, json_object or json_schema' }
)

export const MOST_CHOICES = 8

/** What `POST /v1/chat/completions` reads. Whatever else a client sends is accepted and ignored. */
export const ChatCompletionBody = Type.Object({
  model: Type.String({ minLength: 1, description: '`provider/model`, `agent/<id>`, or a bare id of either.' }),
  messages: Type.Array(ChatMessage, { minItems: 1 }),
  n: optional(Type.Integer({ minimum: 1, maximum: MOST_CHOICES, description: 'Answers; of an agent only one.' })),
  stream: optional(Type.Boolean()),
  stream_options: optional(Type.Object({ include_usage: optional(Type.Boolean()) })),
  max_tokens: optional(Type.Integer({ minimum: 1 })),
  max_completion_tokens: optional(Type.Integer({ minimum: 1 })),
  temperature: optional(Type.Number({ minimum: 0, maximum: 2 })),
  top_p: optional(Type.Number({ minimum: 0, maximum: 1 })),
  presence_penalty: optional(Type.Number()),
  frequency_penalty: optional(Type.Number()),
  seed: optional(Type.Integer()),
  stop: optional(Type.Union([Type.String(), Type.Array(Type.String(), { maxItems: 4 })])),
  logprobs: optional(Type.Boolean({ description: 'Where the provider has them; elsewhere they are null.' })),
  top_logprobs: optional(Type.Integer({ minimum: 0, maximum: 20 })),
  reasoning_effort: optional(Type.Enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'])),
  response_format: optional(ResponseFormat),
  tools: optional(Type.Array(Tool)),
  tool_choice: optional(ToolChoice),
  parallel_tool_calls: optional(Type.Boolean()),
  functions: optional(
    Type.Array(Callable, { description: 'As before there were `tools`, beside which they are ignored.' })
  ),
  function_call: optional(FunctionChoice),
  modalities: optional(Type.Array(Type.String(), { description: 'Only `text` comes back.' })),
  user: optional(Type.String()),
  metadata: optional(Type.Record(Type.String(), Type.String())),
  service_tier: optional(Type.String()),
  store: optional(Type.Boolean({ description: 'For the provider; nothing is stored here.' })),
  verbosity: optional(Type.Enum(['low', 'medium', 'high'])),
  web_search_options: optional(Type.Record(Type.String(), Type.Unknown())),
  prediction: optional(Type.Record(Type.String(), Type.Unknown())),
  logit_bias: optional(Type.Record(Type.String(), Type.Number())),
  prompt_cache_key: optional(Type.String()),
  safety_identifier: optional(Type.String())
})
export type ChatCompletionBody = Static<typeof ChatCompletionBody>

export const CompletionUsage = Type.Object({
  prompt_tokens: Type.Integer(),
  completion_tokens: Type.Integer(),
  total_tokens: Type.Integer(),
  prompt_tokens_details: Type.Object({ cached_tokens: Type.Integer(), audio_tokens: Type.Integer() }),
  completion_tokens_details: Type.Object({
    reasoning_tokens: Type.Integer(),
    audio_tokens: Type.Integer(),
    accepted_prediction_tokens: Type.Integer(),
    rejected_prediction_tokens: Type.Integer()
  })
})
export type CompletionUsage = Static<typeof CompletionUsage>

const FinishReason = Type.Enum(['stop', 'length', 'tool_calls', 'function_call', 'content_filter'])

/** A call of either kind: one of the two objects is there. */
const ToolCall = Type.Object({
  id: Type.String(),
  type: Type.Enum(['function', 'custom']),
  function: Type.Optional(Type.Object({ name: Type.String(), arguments: Type.String() })),
  custom: Type.Optional(Type.Object({ name: Type.String(), input: Type.String() }))
})
export type CompletionToolCall = Static<typeof ToolCall>

const Choice = Type.Object({
  index: Type.Integer(),
  message: Type.Object(
    {
      role: Type.Literal('assistant'),
      content: Type.Union([Type.String(), Type.Null()]),
      reasoning_content: Type.Optional(Type.String()),
      refusal: Type.Union([Type.String(), Type.Null()]),
      tool_calls: Type.Optional(Type.Array(ToolCall)),
      function_call: Type.Optional(Type.Object({ name: Type.String(), arguments: Type.String() }))
    },
    { additionalProperties: true, description: 'With what else a provider of this format adds, as `annotations`.' }
  ),
  logprobs: Type.Unknown({ description: 'As the provider gave them, `{ content, refusal }`, or null.' }),
  finish_reason: FinishReason
})
export type Choice = Static<typeof Choice>

export const ChatCompletion = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('chat.completion'),
    created: Type.Integer({ description: 'Seconds since the epoch.' }),
    model: Type.String(),
    choices: Type.Array(Choice),
    usage: CompletionUsage
  },
  { description: 'The answer, when `stream` is not true.' }
)
export type ChatCompletion = Static<typeof ChatCompletion>
