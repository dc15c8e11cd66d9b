import { closest, distance } from 'fastest-levenshtein'
import type { TSchema } from 'typebox'
import type { TLocalizedValidationError } from 'typebox/error'

/** One thing that is wrong with a value. */
export interface Issue {
  /** Dotted path, as `gateway.tokens.0.secret`; empty for the whole. */
  path: string
  /** What was expected, and what was probably meant. Never holds the value. */
  message: string
  /** For something that is not there: its type. */
  missing?: string
}

/** Turns a validator's findings into what a person needs: where, what was expected, what was probably meant. */
export function explain(schema: TSchema, errors: TLocalizedValidationError[]): Issue[] {
  const unions = errors.filter((error) => error.keyword === 'anyOf').map((error) => error.instancePath)
  const issues: Issue[] = []
  for (const error of errors) {
    if (error.keyword === 'boolean') continue // the rejected key itself, told by its parent's additionalProperties
    if (error.schemaPath.endsWith('/propertyNames')) continue // likewise
    if (error.keyword !== 'anyOf' && unions.some((path) => within(error.instancePath, path))) continue
    issues.push(...describe(schema, error))
  }
  return issues
}

function describe(schema: TSchema, error: TLocalizedValidationError): Issue[] {
  const path = dotted(error.instancePath)
  const at = resolve(schema, error.instancePath)
  if (error.keyword === 'additionalProperties') {
    return error.params.additionalProperties.map((key) => unknownKey(at, path, key))
  }
  if (error.keyword === 'propertyNames') {
    return error.params.propertyNames.map((key) => ({ path: join(path, key), message: unusableName(at) }))
  }
  if (error.keyword === 'required') {
    return error.params.requiredProperties.map((key) => missing(at?.properties?.[key], join(path, key)))
  }
  return [{ path, message: at ? `expected ${expected(at)}` : error.message }]
}

function missing(shape: Shape | undefined, path: string): Issue {
  return {
    path,
    message: `missing: expected ${shape ? expected(shape) : 'a value'}`,
    missing: [shape?.type ?? 'value'].flat().join(' or ')
  }
}

function unknownKey(at: Shape | undefined, path: string, key: string): Issue {
  const meant = didYouMean(key, Object.keys(at?.properties ?? {}))
  return { path: join(path, key), message: `unknown key${meant ? `; did you mean "${meant}"?` : ''}` }
}

const unusableName = (at: Shape | undefined) =>
  `not a usable name: it must match ${Object.keys(at?.patternProperties ?? {})[0]}`

/** The candidate nearest to a mistyped word, or nothing where none is near. */
export function didYouMean(word: string, candidates: string[]): string | undefined {
  if (candidates.length === 0) return undefined
  const near = closest(word, candidates)
  return distance(word.toLowerCase(), near.toLowerCase()) <= Math.max(2, word.length / 3) ? near : undefined
}

interface Shape {
  type?: string | string[]
  enum?: string[]
  const?: unknown
  anyOf?: Shape[]
  items?: Shape
  properties?: Record<string, Shape>
  patternProperties?: Record<string, Shape>
  description?: string
  pattern?: string
  format?: string
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  minProperties?: number
}

function resolve(schema: TSchema, pointer: string): Shape | undefined {
  let at: Shape | undefined = schema
  for (const key of segments(pointer)) {
    at = at?.properties?.[key] ?? at?.items ?? Object.values(at?.patternProperties ?? {})[0]
  }
  return at
}

function expected(shape: Shape): string {
  if (shape.enum) return `one of ${shape.enum.map((value) => JSON.stringify(value)).join(', ')}`
  if (shape.anyOf) return shape.description ?? shape.anyOf.map(expected).join(' or ')
  if (shape.type === 'integer' || shape.type === 'number') return `${article(shape.type)}${range(shape)}`
  if (shape.type === 'string') return text(shape)
  if (shape.type === 'array') return list(shape)
  if (shape.type === 'boolean') return 'true or false'
  if (shape.type === 'null') return 'null'
  if (Array.isArray(shape.type)) return shape.type.map((type) => expected({ type })).join(' or ')
  if (shape.type === undefined) return 'a value'
  return shape.minProperties ? `a mapping of at least ${shape.minProperties} key` : 'a mapping'
}

function list({ minItems, maxItems }: Shape): string {
  if (maxItems !== undefined) return `a list of at most ${maxItems}`
  return minItems ? `a list of at least ${minItems}` : 'a list'
}

function text({ format, pattern, minLength, maxLength }: Shape): string {
  if (format) return `a string of format ${format}`
  if (pattern) return `a string that matches ${pattern}`
  if (minLength !== undefined && maxLength !== undefined) return `a string of ${minLength} to ${maxLength} characters`
  return minLength ? `a string of at least ${minLength} character${minLength > 1 ? 's' : ''}` : 'a string'
}

function range({ minimum, maximum }: Shape): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`
  return minimum === undefined ? '' : ` of at least ${minimum}`
}

const article = (type: string) => (type === 'integer' ? 'an integer' : 'a number')
const segments = (pointer: string) =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
const dotted = (pointer: string) => segments(pointer).join('.')
export const join = (path: string, key: string) => (path ? `${path}.${key}` : key)
const within = (path: string, parent: string) => path === parent || path.startsWith(`${parent}/`)
