import { randomBytes } from 'node:crypto'

export type JsonObject = { [key: string]: unknown }

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The objects of a list; what is no list has none. */
export const objects = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])

/** The text of a message's content, be it a string or a list of parts. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return objects(content)
    .map((part) => (typeof part.text === 'string' ? part.text : ''))
    .join('')
}

/** A message's role; what names none has the one given. */
export const roleOf = (role: unknown, otherwise: string): string => (typeof role === 'string' ? role : otherwise)

/** The words of a text, each with the space that follows it. */
export const words = (text: string): string[] => text.match(/\s*\S+\s*/g) ?? []

/** One server-sent event. */
export function sse(data: JsonObject | string, event?: string): string {
  const payload = typeof data === 'string' ? data : JSON.stringify(data)
  return `${event === undefined ? '' : `event: ${event}\n`}data: ${payload}\n\n`
}

/** A server-sent event named after the `type` of its data, as Anthropic and OpenAI's responses have it. */
export const typed = (data: JsonObject & { type: string }): string => sse(data, data.type)

export const newId = (prefix: string): string => prefix + randomBytes(12).toString('hex')

/** The value of a JSON text, or the text itself where it is none. */
export function parsedOr(text: string, otherwise: unknown): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return otherwise
  }
}
