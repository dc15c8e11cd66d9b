import { join, resolve } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { pathOf } from '../errors/index.ts'

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
const BUNDLED = join(import.meta.dirname, '../../web')

/**
 * The dashboard below `/app/`. Its files hold no data and need no token; a path that is no file is a page of the
 * dashboard's own, so that `index.html` answers it.
 *
 * @see https://github.com/fastify/fastify-static
 */
async function dashboard(fastify: FastifyInstance): Promise<void> {
  const { web } = fastify.comis.config.gateway
  if (!web.enabled) return
  const root = web.distPath ? resolve(web.distPath) : BUNDLED

  fastify.get('/app', { schema: { hide: true } }, async (_request, reply) =>
    reply.redirect(`${fastify.prefix}/app/`, 302)
  )
  await fastify.register(async (scope) => servePages(scope, root), { prefix: '/app' })
}

async function servePages(scope: FastifyInstance, root: string): Promise<void> {
  await scope.register(fastifyStatic, {
    root,
    prefix: '/',
    decorateReply: !scope.hasReplyDecorator('sendFile'), // a host application may have its own
    cacheControl: false,
    setHeaders: (reply, path) => void reply.headers(headersOf(path))
  })
  scope.setNotFoundHandler((request, reply) => {
    if (isFile(pathOf(request.url))) return scope.answerNotFound(request, reply)
    return reply.headers(headersOf('index.html')).sendFile('index.html', root)
  })
}

const isFile = (path: string) => path.slice(path.lastIndexOf('/')).includes('.')

/** Vite names files after their content: such a name may be kept for ever, any other has to be asked for again. */
const HASHED = /-[\w-]{8}\.\w+$/

const headersOf = (path: string) => ({
  'content-security-policy': CSP,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache'
})

export default fp(dashboard, { name: 'comis-dashboard', dependencies: ['comis-services', 'comis-errors'] })
