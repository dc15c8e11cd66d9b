/** The part of JSON Schema that the gateway's schemas use. */
export interface Schema {
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  properties?: Record<string, Schema>
  patternProperties?: Record<string, Schema>
  items?: Schema
  required?: string[]
  default?: unknown
  description?: string
  minimum?: number
  maximum?: number
  maxLength?: number
  format?: string
  'x-restart'?: boolean
  'x-file-only'?: boolean
}

export type Kind =
  | 'object'
  | 'record'
  | 'list'
  | 'choices'
  | 'lines'
  | 'enum'
  | 'boolean'
  | 'number'
  | 'secret'
  | 'text'
  | 'json'

/** How a value is edited: what has no form of its own is edited as JSON. */
export function kindOf(schema: Schema): Kind {
  if (schema.enum) return 'enum'
  if (schema.anyOf) return isSecret(schema) ? 'secret' : 'json'
  if (schema.patternProperties) return 'record'
  if (schema.type === 'object') return schema.properties ? 'object' : 'json'
  if (schema.type === 'array') return kindOfList(schema.items ?? {})
  if (schema.type === 'boolean') return 'boolean'
  if (schema.type === 'number' || schema.type === 'integer') return 'number'
  return schema.type === 'string' ? 'text' : 'json'
}

function kindOfList(items: Schema): Kind {
  if (items.enum) return 'choices'
  if (items.type === 'string') return 'lines'
  return items.properties ? 'list' : 'json'
}

const isSecret = ({ anyOf = [] }: Schema) =>
  anyOf.length === 2 && anyOf[0]?.type === 'string' && anyOf[1]?.properties?.file !== undefined

/** The schema of the entries of a record. */
export const entryOf = ({ patternProperties = {} }: Schema): Schema => Object.values(patternProperties)[0] ?? {}

/** What a new value is: nothing that was not said. */
export const emptyOf = (schema: Schema): unknown => {
  const kind = kindOf(schema)
  if (kind === 'object' || kind === 'record') return {}
  return kind === 'list' || kind === 'lines' || kind === 'choices' ? [] : undefined
}
