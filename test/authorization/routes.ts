/** Who may use a route, and how to. */
export interface Door {
  /** Scopes that open it, `*` left out; undefined: it is open to everyone. */
  scopes?: readonly string[]
  /** The status of a request that gets in. */
  status: number
  /** The path with everything filled in. Default: that of the route. */
  path?: string
  body?: object
  /** It takes `?token=` and `?ticket=` too. */
  inQuery?: boolean
  /** What the body says of a request that gets in, where its status alone could be a refusal. */
  says?: string
}

const open = (status = 200, more: Partial<Door> = {}): Door => ({ status, ...more })
const rpc = (status = 200, more: Partial<Door> = {}): Door => ({ scopes: ['rpc'], status, ...more })
const admin = (status = 200, more: Partial<Door> = {}): Door => ({ scopes: ['admin'], status, ...more })
const v1 = (status = 200, more: Partial<Door> = {}): Door => ({ scopes: ['api', 'rpc'], status, ...more })

const TURN = { message: 'hi' }
const MODEL = 'agent/default'
const UNSIGNED = { says: 'Missing webhook signature' }

/** Every route, and whom it lets in: one that is not in here, or is no more, fails the test. */
export const DOORS: Record<string, Door> = {
  'GET /': open(302),
  'GET /app': open(302),
  'GET /app/*': open(200, { path: '/app/' }),
  'GET /docs': open(),
  'GET /docs/*': open(200, { path: '/docs/swagger-ui.css' }),
  'GET /docs/start.js': open(),
  'GET /health': open(),
  'GET /health/ready': open(),
  'GET /metrics': admin(),
  'GET /openapi.json': open(),
  'POST /hooks/:path': open(401, { path: '/hooks/deploys', body: {}, ...UNSIGNED }),
  'POST /hooks/webhook': open(401, { body: {}, ...UNSIGNED }),

  'GET /media': admin(),
  'POST /media': rpc(400, { says: 'no file in the body' }),
  'GET /media/:id': rpc(404, { path: '/media/none', inQuery: true, says: 'Not Found' }),
  'DELETE /media/:id': admin(404, { path: '/media/none', says: 'Not Found' }),
  'GET /media/:id/meta': rpc(404, { path: '/media/none/meta', inQuery: true, says: 'Not Found' }),
  'POST /media/:id/sign': rpc(404, { path: '/media/none/sign', says: 'Not Found' }),

  'GET /api/health': open(),
  'GET /api/activity': rpc(),
  'GET /api/agents': rpc(),
  'GET /api/channels': rpc(),
  'POST /api/chat': rpc(200, { body: TURN }),
  'GET /api/chat/history': rpc(),
  'GET /api/chat/stream': rpc(200, { path: '/api/chat/stream?message=hi', inQuery: true }),
  'POST /api/chat/stream': rpc(200, { body: TURN }),
  'GET /api/events': rpc(200, { inQuery: true }),
  'DELETE /api/memory/:id': admin(404, { path: '/api/memory/none', says: 'entry' }),
  'GET /api/memory/browse': admin(),
  'POST /api/memory/bulk-delete': admin(200, { body: { ids: ['none'] } }),
  'GET /api/memory/export': admin(),
  'GET /api/memory/search': rpc(200, { path: '/api/memory/search?q=x' }),
  'GET /api/memory/stats': rpc(),
  'GET /api/sessions': rpc(),
  'GET /api/sessions/:key': rpc(404, { path: '/api/sessions/none', says: 'session' }),
  'PATCH /api/sessions/:key': rpc(404, { path: '/api/sessions/none', says: 'session', body: { title: 'x' } }),
  'DELETE /api/sessions/:key': rpc(404, { path: '/api/sessions/none', says: 'session' }),
  'POST /api/sessions/:key/compact': rpc(404, { path: '/api/sessions/none/compact', says: 'session' }),
  'GET /api/sessions/:key/export': rpc(404, { path: '/api/sessions/none/export', says: 'session' }),
  'POST /api/sessions/:key/reset': rpc(404, { path: '/api/sessions/none/reset', says: 'session' }),
  'POST /api/tickets': { scopes: ['rpc', 'admin', 'api'], status: 200 },
  'GET /api/turns': rpc(),
  'DELETE /api/turns/:id': rpc(404, { path: '/api/turns/none', says: 'turn' }),

  'GET /ws': { scopes: ['rpc', 'admin'], status: 426, inQuery: true },
  'POST /rpc': {
    scopes: ['rpc', 'admin'],
    status: 200,
    body: { jsonrpc: '2.0', id: 1, method: 'system.whoami' },
    says: 'clientId'
  },

  'POST /v1/chat/completions': v1(200, { body: { model: MODEL, messages: [{ role: 'user', content: 'hi' }] } }),
  'POST /v1/embeddings': v1(404, { body: { model: 'none', input: 'hi' }, says: 'model' }),
  'GET /v1/models': v1(),
  'GET /v1/models/:model': v1(200, { path: '/v1/models/agent%2Fdefault' }),
  'GET /v1/models/*': v1(200, { path: '/v1/models/agent/default' }),
  'POST /v1/responses': v1(200, { body: { model: MODEL, input: 'hi' } }),
  'GET /v1/responses': v1(426),
  'GET /v1/responses/:id': v1(404, { path: '/v1/responses/none', says: 'response' }),
  'DELETE /v1/responses/:id': v1(404, { path: '/v1/responses/none', says: 'response' }),
  'POST /v1/responses/:id/cancel': v1(404, { path: '/v1/responses/none/cancel', says: 'response' }),
  'GET /v1/responses/:id/input_items': v1(404, { path: '/v1/responses/none/input_items', says: 'response' }),
  'POST /v1/responses/compact': v1(400, { body: { model: 'builtin/echo', input: 'hi' }, says: 'built-in' })
}

/** What is left without the dashboard: of `/api` only the tickets, which open what stays. */
export const isOfDashboard = (key: string): boolean => / \/(app|api)?(\/|$)/.test(key) && !key.endsWith(' /api/tickets')
