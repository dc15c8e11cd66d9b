import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { documentOf } from './document.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The OpenAPI 3.1 document of all routes of this gateway. */
    comisOpenapi(): object
  }
}

/**
 * Writes the document from the schemas that the routes validate with. Registered before any route, so that it hears of
 * each.
 *
 * @see https://github.com/fastify/fastify-swagger
 */
async function openapi(fastify: FastifyInstance): Promise<void> {
  await fastify.register(swagger, {
    openapi: documentOf(fastify.prefix),
    decorator: 'comisOpenapi' as 'swagger',
    // A folder's own route is known to Fastify with a slash at its end.
    transform: ({ schema, url }) => ({ schema, url: url.replace(/(.)\/$/, '$1') })
  })
}

export default fp(openapi, { name: 'comis-openapi' })
