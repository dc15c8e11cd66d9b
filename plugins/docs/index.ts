import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { PAGE, START } from './page.ts'

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
/** The files of the page; its plugin is not used, since a host application may have it too. */
const SWAGGER_UI = join(dirname(fileURLToPath(import.meta.resolve('@fastify/swagger-ui/package.json'))), 'static')
const ASSETS = new Set(['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'])

/** `/openapi.json`, and `/docs`, a page that shows it and loads nothing from elsewhere. */
async function docs(fastify: FastifyInstance): Promise<void> {
  const { docs: access } = fastify.comis.config.gateway
  if (access === 'off') return

  await fastify.register(async (scope) => {
    if (access === 'token') scope.requireScope('rpc', 'admin', 'api')
    scope.get('/openapi.json', { schema: { hide: true } }, async () => scope.comisOpenapi())
    scope.get('/docs', { schema: { hide: true } }, async (_request, reply) =>
      reply
        .type('text/html; charset=utf-8')
        .headers({ 'content-security-policy': CSP, 'x-content-type-options': 'nosniff' })
        .send(PAGE)
    )
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
