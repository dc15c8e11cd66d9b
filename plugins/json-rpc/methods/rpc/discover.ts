import Type, { type TSchema } from 'typebox'
import { VERSION } from '../../../../src/instance.ts'
import { CODES } from '../../errors.ts'
import { defineMethod, type RpcMethod } from '../../method.ts'
import type { Registry } from '../../registry.ts'

const DESCRIPTION = `The methods of \`POST /rpc\` and of the WebSocket \`/ws\`, over JSON-RPC 2.0. Times are milliseconds since the epoch
unless a field says otherwise. Params go by name, or by position in the order they are told in here.`

/** `rpc.discover`, as the OpenRPC specification names it. It describes whatever the registry holds. */
export const discover = (registry: Registry) =>
  defineMethod({
    name: 'rpc.discover',
    summary: 'Describe all methods, as an OpenRPC document',
    params: Type.Object({}),
    result: Type.Object({ openrpc: Type.String(), info: Type.Unknown(), methods: Type.Array(Type.Unknown()) }),
    handler: () => describe(registry)
  })

const describe = (registry: Registry) => ({
  openrpc: '1.3.2',
  info: { title: 'comis-gateway', version: VERSION, description: DESCRIPTION, license: { name: 'MIT' } },
  methods: registry.list().map(([name, method]) => toMethod(name, method))
})

/** What any method may answer; `data.code` tells more, and is stable. */
const ERRORS = [
  { code: CODES.invalidParams, message: 'Invalid params' },
  { code: CODES.internal, message: 'Insufficient scope, or an internal error' },
  { code: CODES.server, message: 'What happened' }
]

function toMethod(name: string, { name: proper, scope, summary, description, params, result }: RpcMethod) {
  const isAlias = name !== proper
  const needs = `Needs ${scope ? `the scope \`${scope}\`` : 'any scope that may call'}.`
  return {
    name,
    summary: isAlias ? `Another name of ${proper}` : summary,
    description: [description, needs].filter(Boolean).join('\n\n'),
    tags: [{ name: proper.split('.')[0] }],
    ...(isAlias && { deprecated: true }),
    paramStructure: 'either',
    params: Object.entries(params.properties).map(([param, schema]) => toParam(param, schema, params.required)),
    result: { name: 'result', schema: result },
    errors: ERRORS,
    ...(scope && { 'x-scope': scope })
  }
}

function toParam(name: string, schema: TSchema, required: readonly string[] = []) {
  const { description } = schema as { description?: string }
  return { name, ...(description && { description }), required: required.includes(name), schema }
}
