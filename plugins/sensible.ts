import sensible from '@fastify/sensible'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/**
 * Errors by name (`httpErrors.notFound()`). A host application that has registered it already shares its own.
 *
 * @see https://github.com/fastify/fastify-sensible
 */
async function errorsByName(fastify: FastifyInstance): Promise<void> {
  if (!fastify.hasDecorator('httpErrors')) await fastify.register(sensible)
}

export default fp(errorsByName, { name: 'comis-sensible' })
