import Type, { type Static } from 'typebox'

const TextPart = Type.Object({ type: Type.Literal('text'), text: Type.String() })
const ImagePart = Type.Object({
  type: Type.Literal('image_url'),
  image_url: Type.Object({ url: Type.String({ description: 'An address, or a `data:` URL.' }) })
})
const AudioPart = Type.Object({
  type: Type.Literal('input_audio'),
  input_audio: Type.Object({
    data: Type.String({ description: 'base64' }),
    format: Type.String({ description: '`wav` or `mp3`' })
  })
})
const FileInputPart = Type.Object({
  type: Type.Literal('file'),
  file: Type.Object({
    file_data: Type.String({ description: 'A `data:` URL.' }),
    filename: Type.Optional(Type.String())
  })
})
const UserPart = Type.Union([TextPart, ImagePart, AudioPart, FileInputPart])

const TextContent = Type.Union([Type.String(), Type.Array(TextPart)])

const ToolCall = Type.Object({
  id: Type.String(),
  type: Type.Literal('function'),
  function: Type.Object({ name: Type.String(), arguments: Type.String() })
})

export const ChatMessage = Type.Union(
  [
    Type.Object({ role: Type.Enum(['system', 'developer']), content: TextContent }),
    Type.Object({ role: Type.Literal('user'), content: Type.Union([Type.String(), Type.Array(UserPart)]) }),
    Type.Object({
      role: Type.Literal('assistant'),
      content: Type.Optional(Type.Union([Type.String(), Type.Array(TextPart), Type.Null()])),
      tool_calls: Type.Optional(Type.Array(ToolCall))
    }),
    Type.Object({ role: Type.Literal('tool'), tool_call_id: Type.String(), content: TextContent })
  ],
  { description: 'a message with the role system, developer, user, assistant or tool, and content that fits it' }
)
export type ChatMessage = Static<typeof ChatMessage>

const FunctionTool = Type.Object({
  type: Type.Literal('function'),
  function: Type.Object({
    name: Type.String({ minLength: 1 }),
    description: Type.Optional(Type.String()),
    parameters: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    strict: Type.Optional(Type.Union([Type.Boolean(), Type.Null()]))
  })
})

const optional = <T extends Type.TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]))

/** What `POST /v1/chat/completions` reads. Whatever else a client sends is accepted and ignored. */
export const ChatCompletionBody = Type.Object({
  model: Type.String({ minLength: 1, description: '`provider/model`, `agent/<id>`, or a bare id of either.' }),
  messages: Type.Array(ChatMessage, { minItems: 1 }),
  stream: optional(Type.Boolean()),
  stream_options: optional(Type.Object({ include_usage: Type.Optional(Type.Boolean()) })),
  max_tokens: optional(Type.Integer({ minimum: 1 })),
  max_completion_tokens: optional(Type.Integer({ minimum: 1 })),
  temperature: optional(Type.Number({ minimum: 0, maximum: 2 })),
  top_p: optional(Type.Number({ minimum: 0, maximum: 1 })),
  presence_penalty: optional(Type.Number()),
  frequency_penalty: optional(Type.Number()),
  seed: optional(Type.Integer()),
  stop: optional(Type.Union([Type.String(), Type.Array(Type.String())])),
  reasoning_effort: optional(Type.Enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh'])),
  response_format: optional(
    Type.Union([
      Type.Object({ type: Type.Enum(['text', 'json_object']) }),
      Type.Object({
        type: Type.Literal('json_schema'),
        json_schema: Type.Object({
          name: Type.Optional(Type.String()),
          description: Type.Optional(Type.String()),
          schema: Type.Optional(Type.Record(Type.String(), Type.Unknown()))
        })
      })
    ])
  ),
  tools: optional(Type.Array(FunctionTool)),
  tool_choice: optional(
    Type.Union([
      Type.Enum(['auto', 'none', 'required']),
      Type.Object({ type: Type.Literal('function'), function: Type.Object({ name: Type.String() }) })
    ])
  )
})
export type ChatCompletionBody = Static<typeof ChatCompletionBody>

export const CompletionUsage = Type.Object({
  prompt_tokens: Type.Integer(),
  completion_tokens: Type.Integer(),
  total_tokens: Type.Integer(),
  prompt_tokens_details: Type.Object({ cached_tokens: Type.Integer() }),
  completion_tokens_details: Type.Object({ reasoning_tokens: Type.Integer() })
})

const FinishReason = Type.Enum(['stop', 'length', 'tool_calls', 'content_filter'])

export const ChatCompletion = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('chat.completion'),
    created: Type.Integer({ description: 'Seconds since the epoch.' }),
    model: Type.String(),
    choices: Type.Array(
      Type.Object({
        index: Type.Integer(),
        message: Type.Object({
          role: Type.Literal('assistant'),
          content: Type.Union([Type.String(), Type.Null()]),
          reasoning_content: Type.Optional(Type.String()),
          refusal: Type.Null(),
          tool_calls: Type.Optional(Type.Array(ToolCall))
        }),
        logprobs: Type.Null(),
        finish_reason: FinishReason
      })
    ),
    usage: CompletionUsage
  },
  { description: 'The answer, when `stream` is not true.' }
)
export type ChatCompletion = Static<typeof ChatCompletion>
