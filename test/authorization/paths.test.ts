import t from 'tap'
import { serveEveryone } from '../support/authorization.ts'
import { requestOf } from './door.ts'
import { DOORS } from './routes.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
/** Streams, WebSockets and turns are begun by no `HEAD`. */
const WITHOUT_HEAD = new Set(['/api/chat/stream', '/api/events', '/api/memory/export', '/api/sessions/none/export'])

const served = await serveEveryone(t)
const asked = Object.entries(DOORS).map(([key, door]) => ({ key, door, request: requestOf(key, door) }))
const plain = (path: string) => path.split('?', 1)[0] ?? ''

/** The methods of each path. */
const allowed = new Map<string, Set<string>>()
for (const { request, door } of asked) {
  const path = plain(request.path)
  const methods = allowed.get(path) ?? new Set()
  methods.add(request.method)
  const streams = WITHOUT_HEAD.has(path) || door.status === 426 || path === '/v1/responses/none'
  if (request.method === 'GET' && !streams) methods.add('HEAD')
  allowed.set(path, methods)
}

t.test('other methods are told which there are, without a credential', async (t) => {
  for (const [path, methods] of allowed) {
    const allow = METHODS.filter((method) => methods.has(method)).join(', ')
    const others = METHODS.filter((method) => !methods.has(method))
    const seen = await Promise.all(
      others.map(async (method) => {
        const { status, headers } = await served.ask({ method, path })
        return [method, status, headers.allow]
      })
    )
    t.same(
      seen,
      others.map((method) => [method, method === 'OPTIONS' ? 204 : 405, allow]),
      path
    )
  }
})

t.test('HEAD lets in whom GET does, and begins nothing', async (t) => {
  const before = await served.whatIsThere()
  for (const { key, request } of asked.filter(({ request }) => request.method === 'GET')) {
    const hasHead = allowed.get(plain(request.path))?.has('HEAD')
    const statuses = async (method: string) =>
      Promise.all(
        served.credentials
          .filter(({ query }) => !query)
          .map(async (credential) => (await served.ask({ ...request, method }, credential)).status)
      )
    const heads = await statuses('HEAD')
    if (hasHead) t.same(heads, await statuses('GET'), key)
    else t.same(new Set(heads), new Set([405]), key)
  }
  t.same(await served.whatIsThere(), before)
})

/** Other ways to write a path, of which a proxy, or a guard by prefix, may think something else than the router. */
const variants: Record<string, (path: string) => string> = {
  'a letter encoded': (path) => path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  'all letters encoded': (path) => path.replace(/(?<!%|%.)[a-z]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  'encoded twice': (path) => path.replace(/[a-z]/, (letter) => `%25${letter.charCodeAt(0).toString(16)}`),
  'a slash encoded': (path) => `/${path.slice(1).replace('/', '%2f')}`,
  'two slashes': (path) => `/${path}`,
  'two slashes within': (path) => path.replace(/(.)\//, '$1//'),
  'a slash at its end': (path) => `${path}/`,
  'upper case': (path) => path.toUpperCase(),
  'a dot': (path) => `/.${path}`,
  dots: (path) => `/health/..${path}`,
  'dots encoded': (path) => `/health/%2e%2e${path}`,
  'a backslash': (path) => path.replace(/(.)\//, '$1\\'),
  'a parameter': (path) => `${path};x=1`,
  'a null': (path) => `${path}%00`,
  'a fragment': (path) => `${path}%23`,
  'a question mark encoded': (path) => `${path}%3f`
}

t.test('no other way to write a path opens more than the plain one', async (t) => {
  const open = new Set([301, 302, 400, 404, 405, 414])
  const tried = served.credentials.filter(({ name }) => ['none', 'wrong', 'api', 'mcp-client', 'rpc'].includes(name))
  for (const { key, door, request } of asked.filter(({ door }) => door.scopes)) {
    const rows = tried.flatMap((credential) =>
      Object.entries(variants).map(([name, write]) => ({ credential, name, write }))
    )
    const plains = new Map(
      await Promise.all(tried.map(async (by) => [by, (await served.ask(request, by)).status] as const))
    )
    const seen = await Promise.all(
      rows.map(async ({ credential, name, write }) => {
        const path = plain(request.path)
        const answer = await served.ask({ ...request, path: write(path) + request.path.slice(path.length) }, credential)
        const isSame = answer.status === plains.get(credential) || open.has(answer.status)
        return isSame ? [] : [`${credential.name}, ${name}: ${answer.status}, not ${plains.get(credential)}`]
      })
    )
    t.same(seen.flat(), [], `${key} (${door.scopes?.join(' or ')})`)
  }
})
