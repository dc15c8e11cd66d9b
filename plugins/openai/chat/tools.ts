import { GatewayError } from '../../../src/errors.ts'
import type { ModelSettings, ToolSpec } from '../../../src/models/port.ts'
import { customSpec } from '../custom-tool.ts'
import type { ChatCompletionBody } from './schema.ts'
import type { Tool } from './tool-schema.ts'

/** Tools of both kinds, as the model is given them. */
export const toTools = ({ tools }: ChatCompletionBody): ToolSpec[] => (tools ?? []).map(toSpec)

/** Names of the tools that take free text: their calls leave in another form. */
export const customNames = ({ tools }: ChatCompletionBody): Set<string> =>
  new Set((tools ?? []).flatMap((tool) => (tool.type === 'custom' ? [tool.custom.name] : [])))

function toSpec(tool: Tool): ToolSpec {
  if (tool.type === 'custom') {
    const { name, description, format } = tool.custom
    return customSpec({ name, description, grammar: format?.grammar })
  }
  const { name, description, parameters, strict } = tool.function
  return {
    name,
    description: description ?? undefined,
    parameters: (parameters ?? { type: 'object', properties: {} }) as ToolSpec['parameters'],
    strict: strict ?? undefined
  }
}

/**
 * Which tools the model may call, and whether it has to.
 * @throws GatewayError `invalid_request` for the choice of a tool that is not among them
 */
export function chooseTools(body: ChatCompletionBody): { tools: ToolSpec[]; toolChoice: ModelSettings['toolChoice'] } {
  const tools = toTools(body)
  const { tool_choice: choice } = body
  if (!choice || typeof choice === 'string') return { tools, toolChoice: choice ?? undefined }
  if (choice.type === 'allowed_tools') {
    const { mode, tools: named } = choice.allowed_tools
    const allowed = new Set(named.map((tool) => nameOf(tool)))
    return { tools: tools.filter(({ name }) => allowed.has(name)), toolChoice: mode }
  }
  const name = nameOf(choice)
  if (tools.some((tool) => tool.name === name)) return { tools, toolChoice: { name } }
  const message = `Invalid field: tool_choice: there is no tool "${name.slice(0, 64)}" in tools`
  throw new GatewayError('invalid_request', message, { param: 'tool_choice' })
}

type Named = { type: 'function'; function: { name: string } } | { type: 'custom'; custom: { name: string } }
const nameOf = (named: Named): string => (named.type === 'function' ? named.function.name : named.custom.name)
