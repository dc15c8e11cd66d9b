import { createRequire } from 'node:module'
import type FastJsonStringify from 'fast-json-stringify'
import type { Schema } from 'fast-json-stringify'
import type { FastifyInstance, FastifySchemaCompiler, FastifyServerOptions } from 'fastify'
import type { FastifySerializerCompiler } from 'fastify/types/schema.js'
import fp from 'fastify-plugin'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Issue } from '../src/schema/explain.ts'
import { parseJson } from '../src/parse-json.ts'
import { pinpoint } from '../src/schema/pinpoint.ts'

/** A request part that does not fit its schema; `issues` says where and why, without values. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput'
  readonly statusCode = 400
  readonly param: string | undefined

  constructor(httpPart: string, issues: Issue[]) {
    const first = issues[0] ?? { path: '', message: 'not valid' }
    super(wording(httpPart, first))
    this.param = first.path || undefined
  }
}

function wording(httpPart: string, { path, message, missing }: Issue): string {
  const query = httpPart === 'querystring'
  if (missing)
    return query ? `Missing required query parameter: ${path}` : `Missing required field: ${path} (${missing})`
  return path
    ? `Invalid ${query ? 'query parameter' : 'field'}: ${path}: ${message}`
    : `Invalid ${httpPart}: ${message}`
}

/**
 * Validates with TypeBox, whatever validator the host application uses: bodies as they are, so that a wrong type is
 * refused; query strings, parameters and headers after conversion, since they are all text. Compiled at its first use.
 */
const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart = 'body' }) => {
  let validator: ReturnType<typeof Compile> | undefined
  return (input: unknown) => {
    validator ??= Compile(schema)
    const value = httpPart === 'body' ? input : validator.Convert(input)
    if (validator.Check(value)) return { value }
    return { error: new InvalidInput(httpPart, pinpoint(schema, value)) }
  }
}

const require = createRequire(import.meta.url)

/**
 * Serialises by the response's schema, so that only what it names leaves. Compiled at its first use, as is the
 * compiler loaded: a start would otherwise spend most of its time on them.
 */
export function serializer(schema: TSchema): (value: unknown) => string {
  let serialize: ((value: unknown) => string) | undefined
  return (value) => {
    serialize ??= (require('fast-json-stringify') as typeof FastJsonStringify)(schema as Schema)
    return serialize(value)
  }
}

const compileSerializer: FastifySerializerCompiler<TSchema> = ({ schema }) => serializer(schema)

type CompilersFactory = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>

/** These compilers for a whole Fastify, which then does not load its own. Its types know of Ajv's alone. */
export const compilersFactory = {
  buildValidator: () => compileValidator,
  buildSerializer: () => compileSerializer
} as unknown as CompilersFactory

async function validation(fastify: FastifyInstance): Promise<void> {
  fastify.setValidatorCompiler(compileValidator)
  fastify.setSerializerCompiler(compileSerializer)
  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    // OpenAI's client for Python says of every request that it is JSON.
    if (body === '' && request.routeOptions.schema?.body === undefined) return done(null, undefined)
    try {
      done(null, parseJson(body))
    } catch (error) {
      done(error as Error)
    }
  })
  const { httpBodyLimitBytes } = fastify.comis.config.gateway
  fastify.addHook('onRoute', (route) => {
    route.bodyLimit ??= httpBodyLimitBytes
  })
}

export default fp(validation, { name: 'comis-validation', dependencies: ['comis-services'] })
