import type { TObject, Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Json } from '../json.ts'
import type { ToolSpec } from '../models/port.ts'

/** For whom a tool runs. */
export interface ToolContext {
  turnId: string
  /** Whoever asked, or whose session it is. */
  clientId: string
  agentId: string
  /** Undefined for a turn that is not kept. */
  sessionKey: string | undefined
}

/** A tool that agents may run inside a turn. */
export interface Tool {
  spec: ToolSpec
  /**
   * Runs one call. What goes wrong is for the model to read, so it is a value and never thrown.
   * @param text the arguments as the model wrote them, JSON text
   */
  run(text: string, signal: AbortSignal, context: ToolContext): Promise<Json>
}

/** What it takes to declare a tool. */
export interface ToolDefinition<Parameters extends TObject> {
  name: string
  /** For the model: what it does and when to use it. */
  description: string
  parameters: Parameters
  execute(parameters: Static<Parameters>, signal: AbortSignal, context: ToolContext): Promise<Json> | Json
}

/**
 * Declares a tool. Its arguments are checked against the schema before `execute` sees them; what `execute` throws, the
 * model is told by its message.
 */
export function defineTool<Parameters extends TObject>(definition: ToolDefinition<Parameters>): Tool {
  const validator = Compile(definition.parameters)
  const { name, description } = definition

  async function run(text: string, signal: AbortSignal, context: ToolContext): Promise<Json> {
    try {
      const parameters: unknown = JSON.parse(text || '{}')
      if (validator.Check(parameters)) return await definition.execute(parameters, signal, context)
      const [first] = validator.Errors(parameters)
      return { error: `Invalid arguments: ${first?.instancePath ?? ''} ${first?.message ?? ''}` }
    } catch (error) {
      signal.throwIfAborted()
      return { error: error instanceof SyntaxError ? 'The arguments are not JSON' : (error as Error).message }
    }
  }

  return {
    spec: {
      name,
      description,
      parameters: structuredClone(definition.parameters) as unknown as ToolSpec['parameters']
    },
    run
  }
}
