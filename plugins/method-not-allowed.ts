import type { FastifyInstance, HTTPMethods } from 'fastify'
import fp from 'fastify-plugin'

const METHODS: HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

declare module 'fastify' {
  interface FastifyInstance {
    /** Call it when all routes are there: answers every other method on their paths. */
    refuseOtherMethods(): void
  }
}

/** 405 with `Allow` for a wrong method on a known path (RFC 9110, section 15.5.6); `OPTIONS` is told the same by a 204. */
async function methodNotAllowed(fastify: FastifyInstance): Promise<void> {
  const known = new Set<string>()
  fastify.addHook('onRoute', ({ path }) => void known.add(path))

  fastify.decorate('refuseOtherMethods', function (this: FastifyInstance) {
    for (const path of new Set([...known].flatMap(withAndWithoutSlash))) refuse(this, path)
  })
}

/** A folder's own route answers with and without a slash at its end. */
function withAndWithoutSlash(path: string): string[] {
  if (path.endsWith('*')) return [path]
  return [path, path.endsWith('/') ? path.slice(0, -1) : `${path}/`]
}

function refuse(fastify: FastifyInstance, path: string): void {
  const url = path.slice(fastify.prefix.length)
  const allowed = METHODS.filter((method) => fastify.hasRoute({ method, url: path }))
  if (url === '' || allowed.length === 0) return
  fastify.route({
    method: METHODS.filter((method) => !allowed.includes(method)),
    url,
    exposeHeadRoute: false,
    schema: { hide: true },
    handler: async (request, reply) => {
      reply.header('allow', allowed.join(', '))
      if (request.method === 'OPTIONS') return reply.code(204).send()
      throw fastify.httpErrors.methodNotAllowed('Method Not Allowed')
    }
  })
}

export default fp(methodNotAllowed, { name: 'comis-method-not-allowed' })
