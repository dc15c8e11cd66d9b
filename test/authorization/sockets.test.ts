import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { type Credential, serveEveryone } from '../support/authorization.ts'
import { expectedOf, holds } from './door.ts'
import { CALLS } from './methods.ts'
import { DOORS, type Door } from './routes.ts'

const served = await serveEveryone(t)

/** A socket, or the status by which the upgrade was refused. */
async function open(t: Test, path: string, { headers = {}, certificate = 'none', query }: Credential) {
  const address = served.url.replace('https', 'wss') + path + (query ? `?${await query()}` : '')
  const options = { ...served.clients[certificate], servername: 'localhost', headers }
  const ws = new WebSocket(address, options)
  t.teardown(() => ws.terminate())
  const closed = new Promise<unknown>((resolve) => ws.on('close', (code, why) => resolve([code, String(why)])))
  const outcome = await new Promise<WebSocket | number>((resolve, reject) => {
    ws.on('open', () => resolve(ws)).on('error', reject)
    ws.on('unexpected-response', (request, { statusCode }) => {
      resolve(Number(statusCode))
      request.destroy()
    })
  })
  return { outcome, closed }
}

/** Calls one after the other, over one socket. */
function caller(ws: WebSocket) {
  let calls = 0
  const waiting = new Map<unknown, (error: { code: number; message: string } | undefined) => void>()
  ws.on('message', (data: Buffer) => {
    const { id, error } = JSON.parse(data.toString())
    waiting.get(id)?.(error)
  })
  return (method: string, params: object) =>
    new Promise<{ code: number; message: string } | undefined>((resolve) => {
      const id = ++calls
      waiting.set(id, resolve)
      ws.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    })
}

const doorOf = (key: string): Door => DOORS[key] ?? { status: 0 }

t.test('/ws opens to those that may call, and closes at once to those without a credential', async (t) => {
  for (const credential of served.credentials) {
    const { name } = credential
    const { status } = expectedOf('GET /ws', doorOf('GET /ws'), credential)
    const { outcome, closed } = await open(t, '/ws', credential)
    if (status === 403) t.equal(outcome, 403, `${name}: before the upgrade`)
    else if (status === 401) t.same(await closed, [4001, 'Unauthorized'], name)
    else if (outcome instanceof WebSocket) t.notOk(await caller(outcome)('system.whoami', {}), name)
    else t.fail(`${name} is refused with ${outcome}`)
  }
})

t.test('/v1/responses refuses before the upgrade', async (t) => {
  const key = 'GET /v1/responses'
  for (const credential of served.credentials) {
    const { status } = expectedOf(key, doorOf(key), credential)
    const { outcome } = await open(t, '/v1/responses', credential)
    t.equal(outcome instanceof WebSocket ? doorOf(key).status : outcome, status, credential.name)
  }
})

t.test('every method against every credential that opens a socket', async (t) => {
  const key = 'GET /ws'
  const credentials = served.credentials.filter((by) => expectedOf(key, doorOf(key), by).status === doorOf(key).status)
  t.ok(credentials.length >= 5)
  const before = await served.whatIsThere()
  const sockets = await Promise.all(
    credentials.map(async (by) => {
      const { outcome } = await open(t, '/ws', by)
      if (!(outcome instanceof WebSocket)) throw new Error(`${by.name} is refused`)
      return { by, call: caller(outcome) }
    })
  )

  async function cross(gettingIn: boolean): Promise<void> {
    for (const [name, { scope, params }] of Object.entries(CALLS)) {
      const wanted = (scopes: readonly string[] = []) => !scope || holds(scopes, [scope])
      const asked = sockets.filter(({ by }) => wanted(by.scopes) === gettingIn)
      const errors = await Promise.all(asked.map(({ call }) => call(name, params)))
      const refused = errors.map((error) => error?.message === `Insufficient scope: requires '${scope}'`)
      t.same(
        refused,
        asked.map(() => !gettingIn),
        `${name}: ${asked.map(({ by }) => by.name).join(', ')}`
      )
      t.notOk(
        errors.some((error) => error?.code === -32_601),
        `there is ${name}`
      )
    }
  }
  await cross(false)
  t.same(await served.whatIsThere(), before, 'nothing came of what was refused')
  await cross(true)
})
