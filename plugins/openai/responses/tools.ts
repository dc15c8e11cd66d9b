import { GatewayError } from '../../../src/errors.ts'
import type { ModelSettings, ToolChoice, ToolSpec } from '../../../src/models/port.ts'
import { customSpec } from '../custom-tool.ts'
import type { ResponseBody, Tool } from './schema.ts'

/** A tool of the client's as the client knows it. */
export interface ClientTool {
  kind: 'function' | 'custom'
  name: string
  namespace?: string
}

/** The client's tools, as the model is given them and as they are told of. */
export interface ClientTools {
  specs: ToolSpec[]
  /** By the name that the model is given. */
  byName: Map<string, ClientTool>
}

type FunctionTool = Extract<Tool, { type: 'function' }>

/** Tools of all kinds as functions; those that other services host are left out. */
export function toTools(tools: ResponseBody['tools']): ClientTools {
  const specs: ToolSpec[] = []
  const byName = new Map<string, ClientTool>()
  function add(spec: ToolSpec, tool: ClientTool): void {
    specs.push(spec)
    byName.set(spec.name, tool)
  }
  for (const tool of tools ?? []) {
    if (isFunction(tool)) add(toFunction(tool, tool.name), { kind: 'function', name: tool.name })
    else if (isCustom(tool)) add(toText(tool), { kind: 'custom', name: tool.name })
    else if (isNamespace(tool)) {
      for (const inner of tool.tools) {
        if (!isFunction(inner)) continue
        const { name } = inner
        add(toFunction(inner, flatName(tool.name, name)), {
          kind: 'function',
          name,
          namespace: tool.name
        })
      }
    }
  }
  return { specs, byName }
}

/** The name that the model is given of a tool in a namespace. */
export const flatName = (namespace: string | null | undefined, name: string): string =>
  namespace ? `${namespace}__${name}` : name

const isFunction = (tool: Tool): tool is FunctionTool => tool.type === 'function' && 'name' in tool
const isCustom = (tool: Tool): tool is Extract<Tool, { type: 'custom' }> => tool.type === 'custom'
const isNamespace = (tool: Tool): tool is Extract<Tool, { type: 'namespace' }> => tool.type === 'namespace'

const toFunction = ({ description, parameters, strict }: FunctionTool, name: string): ToolSpec => ({
  name,
  description: description ?? undefined,
  parameters: (parameters ?? { type: 'object', properties: {} }) as ToolSpec['parameters'],
  strict: strict ?? undefined
})

function toText({ name, description, format }: Extract<Tool, { type: 'custom' }>): ToolSpec {
  const { type, definition, syntax } = format ?? {}
  const isGrammar = type === 'grammar' && typeof definition === 'string'
  return customSpec({ name, description, grammar: isGrammar ? { definition, syntax: String(syntax) } : undefined })
}

/** Which tools the model may call, and whether it has to. @throws GatewayError `invalid_request` for one that is not there */
export function chooseTools(
  choice: ResponseBody['tool_choice'],
  { specs, byName }: ClientTools
): { tools: ToolSpec[]; toolChoice: ModelSettings['toolChoice'] } {
  if (!choice || typeof choice === 'string') return { tools: specs, toolChoice: choice ?? undefined }
  if ('tools' in choice) {
    const allowed = new Set(choice.tools.map(({ name }) => name))
    const tools = specs.filter(({ name }) => allowed.has(name) || allowed.has(byName.get(name)?.name))
    return { tools, toolChoice: choice.mode }
  }
  const named = specs.find(({ name }) => name === choice.name || byName.get(name)?.name === choice.name)
  if (!named && (choice.type === 'function' || choice.type === 'custom')) throw noSuchTool(choice.name ?? '')
  return { tools: specs, toolChoice: named && ({ name: named.name } satisfies ToolChoice) }
}

const noSuchTool = (name: string) =>
  new GatewayError('invalid_request', `Invalid field: tool_choice: there is no tool "${name.slice(0, 64)}"`, {
    param: 'tool_choice'
  })
