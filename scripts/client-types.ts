// Writes client/generated.ts, the types of the published client, from the documents that the gateway itself publishes:
// the OpenAPI document of its REST routes and events, the OpenRPC document of its methods.
// With --check it writes nothing and fails where the file is not up to date.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import type { JSONSchema4 } from 'json-schema'
import { compile } from 'json-schema-to-typescript'
import { setLogLevel } from '../plugins/json-rpc/methods/daemon/set-log-level.ts'
import gateway from '../src/gateway.ts'

type Schema = JSONSchema4
interface Parameter {
  in: 'path' | 'query' | 'header'
  name: string
  required?: boolean
  schema: Schema
}
interface Content {
  content?: Record<string, { schema: Schema }>
}
interface Operation {
  operationId: string
  summary?: string
  parameters?: Parameter[]
  requestBody?: Content
  responses: Record<string, Content>
}
interface OpenApi {
  paths: Record<string, Record<string, Operation>>
}
interface Method {
  name: string
  summary: string
  deprecated?: boolean
  params: { name: string; required: boolean; schema: Schema }[]
  result: { schema: Schema }
}

const FILE = join(import.meta.dirname, '../client/generated.ts')
const SECRET = 'only-for-the-documents-0123456789-0123456789'
/** What is offered as a typed REST call: streams have a method of their own, `/v1` has OpenAI's clients. */
const REST = /^\/(health|api|media)(\/|$)/
const JSON_TYPE = 'application/json'

async function readDocuments(): Promise<{ api: OpenApi; methods: Method[] }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'comis-gateway-'))
  const app = Fastify()
  try {
    await app.register(gateway, {
      dataDir,
      providers: {},
      gateway: { tokens: [{ id: 'documents', secret: SECRET, scopes: ['*'] }] },
      // The one method that only the process has.
      extend: ({ rpc, log }) => rpc.method(setLogLevel(log))
    })
    const discover = { jsonrpc: '2.0', id: 1, method: 'rpc.discover' }
    const headers = { authorization: `Bearer ${SECRET}` }
    const rpc = await app.inject({ method: 'POST', url: '/rpc', headers, payload: discover })
    const api = (await app.inject('/openapi.json')).json<OpenApi>()
    return { api, methods: rpc.json<{ result: { methods: Method[] } }>().result.methods }
  } finally {
    await app.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

const object = (properties: Record<string, Schema>, required = Object.keys(properties)): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required
})

/** Titles would become interfaces of their own, and two that read alike one with a number. */
function withoutTitles<T>(node: T): T {
  if (Array.isArray(node)) return node.map(withoutTitles) as T
  if (typeof node !== 'object' || node === null) return node
  const entries = Object.entries(node).filter(([key, value]) => key !== 'title' || typeof value !== 'string')
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutTitles(value)])) as T
}

function methodSchema({ summary, params, result }: Method): Schema {
  const required = params.filter((param) => param.required).map((param) => param.name)
  const named = Object.fromEntries(params.map(({ name, schema }) => [name, schema]))
  return { ...object({ params: object(named, required), result: result.schema }), description: summary }
}

function operationSchema({ summary, parameters = [], requestBody, responses }: Operation): Schema {
  const inside = (place: string) => parameters.filter((one) => one.in === place && one.name !== 'token')
  const properties: Record<string, Schema> = {}
  // A part of which nothing is needed can be left out as a whole.
  const needed: string[] = []
  for (const place of ['path', 'query'] as const) {
    const found = inside(place)
    if (found.length === 0) continue
    const required = found.filter((one) => one.required).map((one) => one.name)
    if (place === 'path' || required.length > 0) needed.push(place)
    properties[place] = object(Object.fromEntries(found.map(({ name, schema }) => [name, schema])), required)
  }
  const body = requestBody?.content?.[JSON_TYPE]?.schema
  if (body) {
    properties.body = body
    needed.push('body')
  }
  properties.result = resultOf(responses)
  needed.push('result')
  return { ...object(properties, needed), description: summary }
}

function resultOf(responses: Record<string, Content>): Schema {
  const [, response] = Object.entries(responses).find(([status]) => status.startsWith('2')) ?? []
  const [[type, { schema }] = ['', { schema: { type: 'null' } as Schema }]] = Object.entries(response?.content ?? {})
  return type === '' || type === JSON_TYPE ? schema : { type: 'string' }
}

/** The operations that are a request with an answer, by their id. */
function* operationsOf({
  paths
}: OpenApi): Generator<[string, { method: string; path: string; operation: Operation }]> {
  for (const [path, methods] of Object.entries(paths)) {
    if (!REST.test(path)) continue
    for (const [method, operation] of Object.entries(methods)) {
      const streams = Object.values(operation.responses).some((one) => one.content?.['text/event-stream'])
      const uploads = operation.requestBody?.content && !operation.requestBody.content[JSON_TYPE]
      if (!streams && !uploads) yield [operation.operationId, { method: method.toUpperCase(), path, operation }]
    }
  }
}

function eventsOf({ paths }: OpenApi): Record<string, Schema> {
  const stream = paths['/api/events']?.get?.responses['200']?.content?.['text/event-stream']?.schema
  const events = stream?.anyOf ?? []
  return Object.fromEntries(events.map((event) => [event.title ?? '', event]))
}

async function typesOf(name: string, description: string, properties: Record<string, Schema>): Promise<string> {
  const schema = withoutTitles({ ...object(properties), description })
  return compile(schema, name, {
    additionalProperties: false,
    bannerComment: '',
    unknownAny: true,
    ignoreMinAndMaxItems: true,
    style: { semi: false, singleQuote: true, printWidth: 120, trailingComma: 'none' }
  })
}

async function generate(): Promise<string> {
  const { api, methods } = await readDocuments()
  const operations = new Map(operationsOf(api))
  const events = eventsOf(api)
  const byName = <T>(of: (one: Method) => T) =>
    Object.fromEntries(methods.filter((one) => !one.deprecated).map((one) => [one.name, of(one)]))
  const schemas = Object.fromEntries([...operations].map(([id, { operation }]) => [id, operationSchema(operation)]))
  const routes = [...operations].map(([id, { method, path }]) => `  ${id}: ['${method}', '${path}']`)
  return [
    '// Generated by `npm run client` from the OpenAPI and OpenRPC documents of the gateway. Do not edit it.\n',
    await typesOf('Methods', 'Every JSON-RPC method: its params and its result.', byName(methodSchema)),
    await typesOf('Operations', 'Every REST operation: its path, query and body, and its result.', schemas),
    await typesOf('Events', 'Every event: its payload.', events),
    `/** Where each REST operation is. */\nexport const OPERATIONS = {\n${routes.join(',\n')}\n} as const\n`,
    `/** The types of all events. */\nexport const EVENT_TYPES = [\n${Object.keys(events)
      .map((type) => `  '${type}'`)
      .join(',\n')}\n] as const\n`
  ].join('\n')
}

const text = await generate()
if (!process.argv.includes('--check')) writeFileSync(FILE, text)
else if (readFileSync(FILE, 'utf8') !== text) {
  console.error(`${FILE} is not up to date: run npm run client`)
  process.exitCode = 1
}
