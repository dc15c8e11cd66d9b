import Type, { type Static, type TSchema } from 'typebox'

const optional = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]))
const name = Type.String({ minLength: 1 })

/** What a model may call; by itself the form from before there were tools. */
export const Callable = Type.Object({
  name,
  description: optional(Type.String()),
  parameters: optional(Type.Record(Type.String(), Type.Unknown())),
  strict: optional(Type.Boolean())
})
const FunctionTool = Type.Object({ type: Type.Literal('function'), function: Callable })
const CustomTool = Type.Object({
  type: Type.Literal('custom'),
  custom: Type.Object({
    name,
    description: optional(Type.String()),
    format: optional(
      Type.Object({
        type: Type.Enum(['text', 'grammar']),
        grammar: Type.Optional(Type.Object({ syntax: Type.String(), definition: Type.String() }))
      })
    )
  })
})

export const Tool = Type.Union([FunctionTool, CustomTool], { description: 'a tool of the type function or custom' })
export type Tool = Static<typeof Tool>

const NamedFunction = Type.Object({ type: Type.Literal('function'), function: Type.Object({ name }) })
const NamedCustom = Type.Object({ type: Type.Literal('custom'), custom: Type.Object({ name }) })

/** The choice of a function, from before there were tools. */
export const FunctionChoice = Type.Union([Type.Enum(['auto', 'none']), Type.Object({ name })], {
  description: '"auto", "none", or a function by its name'
})

export const ToolChoice = Type.Union(
  [
    Type.Enum(['auto', 'none', 'required']),
    NamedFunction,
    NamedCustom,
    Type.Object({
      type: Type.Literal('allowed_tools'),
      allowed_tools: Type.Object({
        mode: Type.Enum(['auto', 'required']),
        tools: Type.Array(Type.Union([NamedFunction, NamedCustom], { description: 'a tool by its type and name' }))
      })
    })
  ],
  { description: '"auto", "none", "required", a tool by its type and name, or allowed_tools' }
)
export type ToolChoice = Static<typeof ToolChoice>
