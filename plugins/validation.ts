import type { FastifyInstance, FastifySchemaCompiler } from 'fastify'
import fp from 'fastify-plugin'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { explain, type Issue } from '../src/schema/explain.ts'

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
 * refused; query strings, parameters and headers after conversion, since they are all text.
 */
const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart = 'body' }) => {
  const validator = Compile(schema)
  const asIs = httpPart === 'body'
  return (input) => {
    const value = asIs ? input : validator.Convert(input)
    if (validator.Check(value)) return { value }
    return { error: new InvalidInput(httpPart, explain(schema, validator.Errors(value))) }
  }
}

async function validation(fastify: FastifyInstance): Promise<void> {
  fastify.setValidatorCompiler(compileValidator)
  fastify.removeAllContentTypeParsers()
  const parseJson = fastify.getDefaultJsonParser('error', 'error')
  fastify.addContentTypeParser('application/json', { parseAs: 'string' }, parseJson)
  const { httpBodyLimitBytes } = fastify.comis.config.gateway
  fastify.addHook('onRoute', (route) => {
    route.bodyLimit ??= httpBodyLimitBytes
  })
}

export default fp(validation, { name: 'comis-validation', dependencies: ['comis-services'] })
