import type { Test } from 'tap'
import type { Answer, Credential, Request, Served } from '../support/authorization.ts'
import type { Door } from './routes.ts'

const REALM = 'Bearer realm="comis-gateway"'

/** What comes back, as far as it tells whether a request got in. */
export interface Outcome {
  status: number
  challenge?: string | undefined
  body?: unknown
}

/** Whether a credential is one to a route: an address is looked at by a few. */
const isSeen = ({ query }: Credential, { inQuery = false }: Door): boolean => query === undefined || inQuery

/** `*` stands for all that the tables name: `mcp-client` opens none of it. */
export const holds = (scopes: readonly string[], wanted: readonly string[]): boolean =>
  scopes.includes('*') || wanted.some((scope) => scopes.includes(scope))

export function requestOf(key: string, { path, body }: Door): Request {
  const [method = '', route = ''] = key.split(' ')
  return { method, path: path ?? route, body }
}

/** Who may not is told so in the form of the surface, and nothing else. */
export function expectedOf(key: string, door: Door, credential: Credential): Outcome {
  if (!door.scopes) return { status: door.status }
  const { path } = requestOf(key, door)
  const isThere = isSeen(credential, door)
  if (!isThere || !credential.scopes) {
    const challenge = isThere && credential.isTold ? `${REALM}, error="invalid_token"` : REALM
    return { status: 401, challenge, body: unauthorizedBody(path) }
  }
  if (holds(credential.scopes, door.scopes)) return { status: door.status }
  return { status: 403, challenge: `${REALM}, error="insufficient_scope"`, body: forbiddenBody(path) }
}

const isRpc = (path: string) => path === '/rpc' || path === '/ws'

function unauthorizedBody(path: string): object {
  const message = 'Unauthorized'
  if (isRpc(path)) return rpcError(-32_000, message, 'unauthorized')
  if (!path.startsWith('/v1/')) return { error: message }
  return { error: { message, type: 'authentication_error', param: null, code: 'invalid_api_key' } }
}

function forbiddenBody(path: string): object {
  const message = 'Forbidden: insufficient scope'
  if (isRpc(path)) return rpcError(-32_603, message, 'forbidden')
  if (!path.startsWith('/v1/')) return { error: message }
  return { error: { message, type: 'permission_error', param: null, code: null } }
}

const rpcError = (code: number, message: string, own: string) => ({
  jsonrpc: '2.0',
  error: { code, message, data: { code: own } },
  id: null
})

/** What came, without what nobody has to expect: the body of a request that got in, unless it says who it was refused by. */
function outcomeOf({ status, headers, text }: Answer, { says = '' }: Door): Outcome {
  const challenge = headers['www-authenticate']?.toString()
  if (challenge?.startsWith('Bearer')) return { status, challenge, body: JSON.parse(text) }
  return text.includes(says) ? { status } : { status, body: text }
}

/** Crosses routes with credentials: those first that are to be refused, of which nothing may come. */
export async function crossRoutes(t: Test, served: Served, doors: Record<string, Door>): Promise<void> {
  const { credentials, ask, whatIsThere } = served

  async function cross(wanted: (expected: Outcome) => boolean): Promise<void> {
    for (const [key, door] of Object.entries(doors)) {
      const rows = credentials.map((by) => ({ by, expected: expectedOf(key, door, by) }))
      const asked = rows.filter(({ expected }) => wanted(expected))
      const seen = await Promise.all(
        asked.map(async ({ by }) => [by.name, outcomeOf(await ask(requestOf(key, door), by), door)])
      )
      t.same(Object.fromEntries(seen), Object.fromEntries(asked.map(({ by, expected }) => [by.name, expected])), key)
    }
  }

  const before = await whatIsThere()
  await cross(isRefusal)
  t.same(await whatIsThere(), before, 'nothing came of what was refused')
  await cross((expected) => !isRefusal(expected))
  t.notSame(await whatIsThere(), before, 'which can be seen')
}

const isRefusal = ({ challenge }: Outcome) => challenge !== undefined
