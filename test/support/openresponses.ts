import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'

const FILE = join(import.meta.dirname, 'openresponses.json')
const ajv = new Ajv2020({ strict: false, allErrors: true })
ajv.addSchema(JSON.parse(readFileSync(FILE, 'utf8')) as object, 'spec')

interface Named {
  components: { schemas: Record<string, { properties?: { type?: { enum?: string[]; const?: string } } }> }
}

/** Schemas of the events, by the type that each tells. */
const EVENTS = new Map<string, string>()
for (const [name, { properties }] of Object.entries(
  (JSON.parse(readFileSync(FILE, 'utf8')) as Named).components.schemas
)) {
  const type = properties?.type?.const ?? properties?.type?.enum?.[0]
  if (name.endsWith('StreamingEvent') && type) EVENTS.set(type, name)
}

/** What is wrong with a value by the schemas of the OpenResponses specification; empty: nothing is. */
export function faultsOf(schema: string, value: unknown): string[] {
  const validate = ajv.getSchema(`spec#/components/schemas/${schema}`)
  if (!validate) throw new Error(`The specification has no ${schema}`)
  if (validate(value)) return []
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

/** The same for an event of a stream. */
export function faultsOfEvent(event: { type: string }): string[] {
  const schema = EVENTS.get(event.type)
  return schema ? faultsOf(schema, event) : [`the specification has no ${event.type}`]
}
