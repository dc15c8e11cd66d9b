import Type, { type Static, type TSchema } from 'typebox'

const optional = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]))

const TextPart = Type.Object({ type: Type.Literal('text'), text: Type.String() })
const RefusalPart = Type.Object({ type: Type.Literal('refusal'), refusal: Type.String() })
const ImagePart = Type.Object({
  type: Type.Literal('image_url'),
  image_url: Type.Object({
    url: Type.String({ description: 'An address, `/media/:id`, or a `data:` URL.' }),
    detail: optional(Type.String({ description: '`auto`, `low` or `high`' }))
  })
})
const AudioPart = Type.Object({
  type: Type.Literal('input_audio'),
  input_audio: Type.Object({
    data: Type.String({ description: 'base64, or `/media/:id`' }),
    format: Type.String({ description: '`wav` or `mp3`' })
  })
})
const FileInputPart = Type.Object({
  type: Type.Literal('file'),
  file: Type.Object({
    file_data: optional(Type.String({ description: 'A `data:` URL, or `/media/:id`.' })),
    file_id: optional(Type.String({ description: 'Refused: there is no store of files.' })),
    filename: optional(Type.String())
  })
})
const UserPart = Type.Union([TextPart, ImagePart, AudioPart, FileInputPart], {
  description: 'a part of the type text, image_url, input_audio or file'
})
export type UserPart = Static<typeof UserPart>

const textParts = (description: string) => Type.Array(Type.Object(TextPart.properties, { description }))
const instructions = Type.Union([Type.String(), textParts('a part of the type text')])
/** OpenAI takes text alone in what a tool answers; the Responses API takes more. */
const output = Type.Union([
  Type.String(),
  textParts('a part of the type text: images, sound and files go into a user message after it'),
  Type.Null()
])

const FunctionCall = Type.Object({ name: Type.String(), arguments: Type.String() })
const ToolCall = Type.Union(
  [
    Type.Object({ id: Type.String(), type: Type.Literal('function'), function: FunctionCall }),
    Type.Object({
      id: Type.String(),
      type: Type.Literal('custom'),
      custom: Type.Object({ name: Type.String(), input: Type.String() })
    })
  ],
  { description: 'a call of the type function or custom' }
)
export type ToolCall = Static<typeof ToolCall>

const SystemMessage = Type.Object({
  role: Type.Enum(['system', 'developer']),
  content: instructions,
  name: optional(Type.String())
})
const UserMessage = Type.Object({
  role: Type.Literal('user'),
  content: Type.Union([Type.String(), Type.Array(UserPart)]),
  name: optional(Type.String())
})
const AssistantMessage = Type.Object({
  role: Type.Literal('assistant'),
  content: Type.Optional(
    Type.Union([
      Type.String(),
      Type.Array(Type.Union([TextPart, RefusalPart], { description: 'a part of the type text or refusal' })),
      Type.Null()
    ])
  ),
  name: optional(Type.String()),
  reasoning_content: optional(
    Type.String({ description: 'What the model thought, as an earlier answer told it; for servers that ask for it.' })
  ),
  refusal: optional(Type.String()),
  audio: optional(Type.Object({ id: Type.String({ description: 'Refused: no sound is kept.' }) })),
  tool_calls: optional(Type.Array(ToolCall)),
  function_call: optional(FunctionCall)
})
export type AssistantMessage = Static<typeof AssistantMessage>
const ToolMessage = Type.Object({ role: Type.Literal('tool'), tool_call_id: Type.String(), content: output })
/** How results were told before there were tools. */
const FunctionMessage = Type.Object({ role: Type.Literal('function'), name: Type.String(), content: output })

export const ChatMessage = Type.Union([SystemMessage, UserMessage, AssistantMessage, ToolMessage, FunctionMessage], {
  description: 'a message with the role system, developer, user, assistant or tool, and content that fits it'
})
export type ChatMessage = Static<typeof ChatMessage>
