import type { TSchema } from 'typebox'
import { Check, Errors } from 'typebox/value'
import { explain, type Issue, join } from './explain.ts'

interface Shape extends TSchema {
  type?: string
  const?: unknown
  enum?: unknown[]
  pattern?: string
  anyOf?: Shape[]
  items?: Shape
  properties?: Record<string, Shape>
  required?: string[]
  description?: string
}

/**
 * What is wrong with a value that does not fit its schema, at the innermost place: of a union, within the branch that the
 * value was meant for. Slow: it is for values that have been found wrong.
 */
export function pinpoint(schema: TSchema, value: unknown): Issue[] {
  return find(schema, value, '')
}

function find(shape: Shape, value: unknown, path: string): Issue[] {
  const { anyOf, items, properties } = shape
  if (anyOf) {
    const [branch, another] = meant(anyOf, value)
    if (branch && !another) return find(branch, value, path)
    return shape.description ? [{ path, message: `expected ${shape.description}` }] : within(shape, value, path)
  }
  if (items && Array.isArray(value)) {
    const index = value.findIndex((item) => !Check(items, item))
    if (index < 0) return within(shape, value, path)
    const [item, at] = [value[index], join(path, String(index))]
    // Of another kind than the list takes: its fields say nothing.
    if (items.description && items.properties && !isMeant(items, item)) {
      return [{ path: at, message: `expected ${items.description}` }]
    }
    return find(items, item, at)
  }
  const own = within(shape, value, path)
  if (!properties) return own
  const missing = own.filter((issue) => shape.required?.some((key) => issue.missing && issue.path === join(path, key)))
  if (missing.length > 0) return missing
  const fields = Object.entries(properties).map(([key, field]) => ({ key, field, part: fieldOf(value, key) }))
  const wrong = fields.find(({ field, part }) => part !== undefined && !Check(field, part))
  return wrong ? find(wrong.field, wrong.part, join(path, wrong.key)) : own
}

const within = (shape: Shape, value: unknown, path: string): Issue[] =>
  explain(shape, Errors(shape, value)).map((issue) => ({ ...issue, path: issue.path ? join(path, issue.path) : path }))

/** The branches that a value may be meant for: by all that tells them apart, or else by the type that the value names. */
function meant(branches: Shape[], value: unknown): Shape[] {
  const fitting = branches.filter((each) => isMeant(each, value))
  if (fitting.length > 0 || fieldOf(value, 'type') === undefined) return fitting
  return branches.filter(({ properties, required }) => {
    const type = properties?.type
    return type !== undefined && isMeant({ type: 'object', properties: { type }, required }, value)
  })
}

/** Whether a value has the fields by which a branch is told from the others, or is a list where that takes one. */
function isMeant({ anyOf, type, properties = {}, required = [] }: Shape, value: unknown): boolean {
  if (anyOf) return anyOf.some((shape) => isMeant(shape, value))
  if (type === 'array') return Array.isArray(value)
  if (type !== 'object' || typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.entries(properties).every(([key, field]) => {
    const part = fieldOf(value, key)
    if (part === undefined && !required.includes(key)) return true
    if (field.const !== undefined) return part === field.const
    if (key === 'type' && field.pattern) return typeof part === 'string' && new RegExp(field.pattern).test(part)
    return field.enum === undefined || field.enum.includes(part)
  })
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
}
