import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { PAGE, START } from './page.ts'

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
/** The files of the page; its plugin is not used, since a host application may have it too. */
const SWAGGER_UI = join(dirname(fileURLToPath(import.meta.resolve('@fastify/swagger-ui/package.json'))), 'static')
const ASSETS = new Set(['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'])

/**
 * `/openapi.json`, and `/docs`, a page that shows it and loads nothing from elsewhere. Where the document is for those with a
 * token, the page is the same, without what is in the document.
 */
async function docs(fastify: FastifyInstance): Promise<void> {
  const { docs: access } = fastify.comis.config.gateway
  if (access === 'off') return

  await fastify.register(async (scope) => {
    if (access === 'token') scope.requireScope('rpc', 'admin', 'api')
    scope.get('/openapi.json', { schema: { hide: true } }, async () => scope.comisOpenapi())
    const sendPage = (reply: FastifyReply) =>
      reply.type('text/html; charset=utf-8').header('content-security-policy', CSP).send(PAGE)
    scope.get(
      '/docs',
      {
        schema: { hide: true },
        // A browser cannot send a token with the page that it opens: the page itself asks for it.
        errorHandler: (error, request, reply) => {
          if (reply.statusCode !== 401 || request.hasCredential) throw error
          void sendPage(reply)
        }
      },
      async (_request, reply) => sendPage(reply)
    )
  })
  await fastify.register(async (scope) => {
    scope.get('/docs/start.js', { schema: { hide: true } }, async (_request, reply) =>
      reply.type('text/javascript; charset=utf-8').send(START)
    )
    await scope.register(fastifyStatic, {
      root: SWAGGER_UI,
      prefix: '/docs/',
      decorateReply: false,
      allowedPath: (path) => ASSETS.has(path.replace(/^\//, '')),
      maxAge: '1d'
    })
  })
}

export default fp(docs, { name: 'comis-docs', dependencies: ['comis-services', 'comis-openapi', 'comis-auth'] })
