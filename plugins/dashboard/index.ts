import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { pathOf } from '../errors/index.ts'

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
const BUNDLED = join(import.meta.dirname, '../../web/dist')
const NOT_BUILT = 'The dashboard is not built: run "npm run build:web"\n'

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
  const serve = existsSync(join(root, 'index.html')) ? servePages : tellNotBuilt
  await fastify.register(async (scope) => serve(scope, root), { prefix: '/app' })
}

async function servePages(scope: FastifyInstance, root: string): Promise<void> {
  const page = readFileSync(join(root, 'index.html'), 'utf8')
  await scope.register(fastifyStatic, {
    root,
    prefix: '/',
    decorateReply: !scope.hasReplyDecorator('sendFile'), // a host application may have its own
    cacheControl: false,
    preCompressed: true,
    setHeaders: (reply, path) => void reply.headers(headersOf(path))
  })
  scope.setNotFoundHandler((request, reply) => {
    const path = pathOf(request.url).slice(scope.prefix.length + 1)
    if (isFile(path)) return scope.answerNotFound(request, reply)
    return sendPage(reply, fromDepth(page, path.split('/').length - 1))
  })
}

async function tellNotBuilt(scope: FastifyInstance): Promise<void> {
  scope.log.warn(NOT_BUILT.trim())
  scope.setNotFoundHandler((_request, reply) => reply.code(503).type('text/plain; charset=utf-8').send(NOT_BUILT))
}

const sendPage = (reply: FastifyReply, html: string) =>
  reply.headers(headersOf('index.html')).type('text/html; charset=utf-8').send(html)

/** The page names its files relative to itself, since only the browser knows all prefixes of its address. */
const fromDepth = (html: string, depth: number) =>
  depth === 0 ? html : html.replaceAll('="./', `="${'../'.repeat(depth)}`)

const isFile = (path: string) => path.slice(path.lastIndexOf('/') + 1).includes('.')

/** Vite names files after their content: such a name may be kept for ever, any other has to be asked for again. */
const HASHED = /-[\w-]{8}\.\w+(\.br|\.gz)?$/

const headersOf = (path: string) => ({
  'content-security-policy': CSP,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache'
})

export default fp(dashboard, { name: 'comis-dashboard', dependencies: ['comis-services', 'comis-errors'] })
