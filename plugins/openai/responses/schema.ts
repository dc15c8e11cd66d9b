import Type, { type Static, type TSchema } from 'typebox'

const optional = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]))
const text = Type.String()

const InputText = Type.Object({ type: Type.Enum(['input_text', 'output_text', 'text', 'summary_text']), text })
const InputRefusal = Type.Object({ type: Type.Literal('refusal'), refusal: text })
const InputImage = Type.Object({
  type: Type.Literal('input_image'),
  image_url: optional(Type.String({ description: 'An address, `/media/:id`, or a `data:` URL.' })),
  detail: optional(Type.String({ description: '`auto`, `low` or `high`' })),
  file_id: optional(text)
})
const InputFile = Type.Object({
  type: Type.Literal('input_file'),
  filename: optional(text),
  file_data: optional(Type.String({ description: 'A `data:` URL, or `/media/:id`.' })),
  file_url: optional(text),
  file_id: optional(text)
})
const Part = Type.Union([InputText, InputRefusal, InputImage, InputFile], {
  description: 'a part of the type input_text, output_text, refusal, input_image or input_file'
})
export type InputPart = Static<typeof Part>

const Content = Type.Union([Type.String(), Type.Array(Part)])
const Output = Type.Union([Type.String(), Type.Array(Part)])

const MessageItem = Type.Object({
  type: Type.Optional(Type.Literal('message')),
  role: Type.Enum(['user', 'assistant', 'system', 'developer']),
  content: Content
})
const CallItem = Type.Object({
  type: Type.Literal('function_call'),
  call_id: text,
  name: text,
  namespace: optional(text),
  arguments: text
})
const CustomCallItem = Type.Object({ type: Type.Literal('custom_tool_call'), call_id: text, name: text, input: text })
const OutputItem = Type.Object({
  type: Type.Enum(['function_call_output', 'custom_tool_call_output']),
  call_id: text,
  output: Output
})
const ReferenceItem = Type.Object({ type: Type.Literal('item_reference'), id: text })
const CompactionItem = Type.Object({ type: Type.Enum(['compaction', 'compaction_summary']), encrypted_content: text })
/** What a client sends back of other services: reasoning, calls of hosted tools. Nothing in it is for the model. */
const OtherItem = Type.Object({
  type: Type.String({
    pattern:
      '^(?!(message|function_call|function_call_output|custom_tool_call|custom_tool_call_output|item_reference|compaction|compaction_summary)$)'
  })
})

export const Item = Type.Union(
  [MessageItem, CallItem, CustomCallItem, OutputItem, ReferenceItem, CompactionItem, OtherItem],
  { description: 'a message, a call of a tool, its output, or a reference to an item' }
)
export type Item = Static<typeof Item>

const FunctionTool = Type.Object({
  type: Type.Literal('function'),
  name: Type.String({ minLength: 1 }),
  description: optional(text),
  parameters: optional(Type.Record(Type.String(), Type.Unknown())),
  strict: optional(Type.Boolean())
})
const CustomTool = Type.Object({
  type: Type.Literal('custom'),
  name: Type.String({ minLength: 1 }),
  description: optional(text),
  format: optional(Type.Record(Type.String(), Type.Unknown()))
})
const NamespaceTool = Type.Object({
  type: Type.Literal('namespace'),
  name: Type.String({ minLength: 1 }),
  tools: Type.Array(Type.Object({ type: text }))
})
/** Tools that other services host: they cannot be run here, and are left out. */
const HostedTool = Type.Object({ type: Type.String({ pattern: '^(?!(function|custom|namespace)$)' }) })

export const Tool = Type.Union([FunctionTool, CustomTool, NamespaceTool, HostedTool], {
  description: 'a tool of the type function, custom or namespace'
})
export type Tool = Static<typeof Tool>

const NamedTool = Type.Object({ type: text, name: Type.Optional(text) })
const Mode = Type.Enum(['none', 'auto', 'required'])

/** What `POST /v1/responses` reads. Whatever else a client sends is accepted and ignored. */
export const ResponseBody = Type.Object({
  model: Type.String({ minLength: 1, description: '`provider/model`, `agent/<id>`, or a bare id of either.' }),
  input: optional(Type.Union([Type.String(), Type.Array(Item)], { description: 'a text, or a list of items' })),
  instructions: optional(text),
  previous_response_id: optional(text),
  store: optional(Type.Boolean({ description: 'False: it cannot be retrieved or continued. Default true.' })),
  stream: optional(Type.Boolean()),
  background: optional(Type.Boolean()),
  tools: optional(Type.Array(Tool)),
  tool_choice: optional(
    Type.Union([
      Mode,
      Type.Object({ type: Type.Literal('allowed_tools'), mode: Type.Optional(Mode), tools: Type.Array(NamedTool) }),
      NamedTool
    ])
  ),
  parallel_tool_calls: optional(Type.Boolean()),
  include: optional(
    Type.Array(text, { description: 'Of what there is: `message.output_text.logprobs`, where the provider has them.' })
  ),
  max_output_tokens: optional(Type.Integer({ minimum: 1 })),
  max_tool_calls: optional(Type.Integer({ minimum: 1 })),
  temperature: optional(Type.Number({ minimum: 0, maximum: 2 })),
  top_p: optional(Type.Number({ minimum: 0, maximum: 1 })),
  presence_penalty: optional(Type.Number()),
  frequency_penalty: optional(Type.Number()),
  top_logprobs: optional(Type.Integer({ minimum: 0, maximum: 20 })),
  reasoning: optional(
    Type.Object({
      effort: optional(Type.Enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'])),
      summary: optional(text)
    })
  ),
  text: optional(
    Type.Object({
      format: optional(
        Type.Union([
          Type.Object({ type: Type.Enum(['text', 'json_object']) }),
          Type.Object({
            type: Type.Literal('json_schema'),
            name: Type.Optional(text),
            description: optional(text),
            schema: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
            strict: optional(Type.Boolean())
          })
        ])
      ),
      verbosity: optional(Type.Enum(['low', 'medium', 'high']))
    })
  ),
  truncation: optional(Type.Enum(['auto', 'disabled'])),
  metadata: optional(Type.Record(Type.String(), Type.String())),
  user: optional(text),
  service_tier: optional(text),
  safety_identifier: optional(text),
  prompt_cache_key: optional(text)
})
export type ResponseBody = Static<typeof ResponseBody>
