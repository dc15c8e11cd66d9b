import type { ToolSpec } from '../../src/models/port.ts'

/** A tool of the client's that takes free text, and perhaps only what a grammar allows. */
export interface CustomTool {
  name: string
  description?: string | null
  grammar?: { syntax: string; definition: string }
}

/** A tool that takes free text, as a function of one string: no other provider knows tools of this kind. */
export function customSpec({ name, description, grammar }: CustomTool): ToolSpec {
  const syntax = grammar && `The input must follow this ${grammar.syntax} grammar:\n${grammar.definition}`
  return {
    name,
    description: [description, syntax].filter(Boolean).join('\n\n') || undefined,
    parameters: {
      type: 'object',
      properties: { input: { type: 'string' } },
      required: ['input'],
      additionalProperties: false
    }
  }
}

/** The text that a call of a custom tool holds; a model may have written something else than was asked for. */
export function customInput(text: string): string {
  try {
    const { input } = JSON.parse(text) as { input?: unknown }
    return typeof input === 'string' ? input : text
  } catch {
    return text
  }
}
