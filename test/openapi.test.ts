import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { bearer, buildGateway, SECRETS, temporaryFolder } from './support/gateway.ts'

const REDOCLY = join(import.meta.dirname, '../node_modules/@redocly/cli/bin/cli.js')

t.test('the document describes every route, and lints clean', async (t) => {
  const app = await buildGateway(t)
  const answer = await app.inject('/openapi.json')
  const document = answer.json()
  t.equal(document.openapi, '3.1.0')
  const routes = Object.entries<Record<string, unknown>>(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`)
  )
  t.same(routes.toSorted(), [
    'DELETE /api/memory/{id}',
    'DELETE /api/sessions/{key}',
    'DELETE /api/turns/{id}',
    'DELETE /media/{id}',
    'DELETE /v1/responses/{id}',
    'GET /api/activity',
    'GET /api/agents',
    'GET /api/channels',
    'GET /api/chat/history',
    'GET /api/chat/stream',
    'GET /api/events',
    'GET /api/health',
    'GET /api/memory/browse',
    'GET /api/memory/export',
    'GET /api/memory/search',
    'GET /api/memory/stats',
    'GET /api/sessions',
    'GET /api/sessions/{key}',
    'GET /api/sessions/{key}/export',
    'GET /api/turns',
    'GET /health',
    'GET /health/ready',
    'GET /media',
    'GET /media/{id}',
    'GET /media/{id}/meta',
    'GET /metrics',
    'GET /v1/models',
    'GET /v1/models/{model}',
    'GET /v1/responses/{id}',
    'GET /v1/responses/{id}/input_items',
    'PATCH /api/sessions/{key}',
    'POST /api/chat',
    'POST /api/chat/stream',
    'POST /api/memory/bulk-delete',
    'POST /api/sessions/{key}/compact',
    'POST /api/sessions/{key}/reset',
    'POST /api/tickets',
    'POST /media',
    'POST /media/{id}/sign',
    'POST /rpc',
    'POST /v1/chat/completions',
    'POST /v1/embeddings',
    'POST /v1/responses',
    'POST /v1/responses/compact',
    'POST /v1/responses/{id}/cancel'
  ])
  t.same(document.paths['/api/agents'].get.security, [{ bearer: [] }])
  t.same(document.paths['/api/chat/stream'].get.security, [{ bearer: [] }, { queryToken: [] }, { queryTicket: [] }])
  t.same(document.paths['/health'].get.security, [])
  t.ok(
    document.paths['/v1/models'].get.responses['401'].content['application/json'].schema.properties.error.properties
      .message
  )

  const file = join(await temporaryFolder(t), 'openapi.json')
  await writeFile(file, answer.body)
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    REDOCLY,
    'lint',
    '--extends=recommended',
    '--format=json',
    file
  ])
  t.same(JSON.parse(stdout).problems, [], stderr)
})

t.test('who may read it', async (t) => {
  const status = async (docs: 'public' | 'token' | 'off', headers = {}) => {
    const app = await buildGateway(t, { gateway: { docs } })
    return [
      (await app.inject({ url: '/openapi.json', headers })).statusCode,
      (await app.inject({ url: '/docs', headers })).statusCode
    ]
  }
  t.same(await status('public'), [200, 200])
  t.same(await status('token'), [401, 401])
  t.same(await status('token', bearer(SECRETS.api)), [200, 200])
  t.same(await status('token', bearer(SECRETS.mcp)), [403, 403])
  t.same(await status('off', bearer()), [404, 404])
})

t.test('the page loads nothing from elsewhere', async (t) => {
  const app = await buildGateway(t, { prefix: '/ai' })
  const page = await app.inject('/ai/docs')
  t.match(page.headers['content-security-policy'], /default-src 'none'/)
  const links = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => String(link))
  t.ok(links.length >= 3)
  for (const link of links) {
    const asset = await app.inject(`/ai/${link}`)
    t.equal(asset.statusCode, 200, link)
  }
  t.equal((await app.inject('/ai/docs/package.json')).statusCode, 404)
})
