import t, { type Test } from 'tap'
import { type Credential, type Served, serveEveryone } from '../support/authorization.ts'
import { expectedOf, holds } from './door.ts'
import { type Call, CALLS } from './methods.ts'
import { DOORS } from './routes.ts'

const RPC = 'POST /rpc'
const served = await serveEveryone(t)
const door = DOORS[RPC] ?? { status: 0 }

interface Reply {
  result?: unknown
  error?: { code: number; message: string; data?: unknown }
}

/** In short, what came of a call: it was refused by HTTP, for its scope, or it got in. */
async function outcomeOf({ ask }: Served, name: string, { params }: Call, credential: Credential): Promise<unknown> {
  const body = { jsonrpc: '2.0', id: 1, method: name, params }
  const { status, text } = await ask({ method: 'POST', path: '/rpc', body }, credential)
  const { error } = JSON.parse(text) as Reply
  if (status !== 200) return status
  if (error?.code === -32_601) return error
  return /^(Insufficient scope|Forbidden|Unauthorized)/.test(error?.message ?? '') ? error : 'reached'
}

function wanted(credential: Credential, { scope }: Call): unknown {
  const { status } = expectedOf(RPC, door, credential)
  if (status !== 200) return status
  if (!scope || holds(credential.scopes ?? [], [scope])) return 'reached'
  return { code: -32_603, message: `Insufficient scope: requires '${scope}'`, data: { code: 'forbidden' } }
}

async function cross(t: Test, gettingIn: boolean): Promise<void> {
  for (const [name, call] of Object.entries(CALLS)) {
    const rows = served.credentials.filter((credential) => (wanted(credential, call) === 'reached') === gettingIn)
    const seen = await Promise.all(rows.map(async (by) => [by.name, await outcomeOf(served, name, call, by)]))
    t.same(Object.fromEntries(seen), Object.fromEntries(rows.map((by) => [by.name, wanted(by, call)])), name)
  }
}

t.test('every method is in the table, with its scope, and the table names no other', async (t) => {
  const { methods } = (await served.call('rpc.discover')) as { methods: { name: string; 'x-scope'?: string }[] }
  const known = Object.keys(CALLS)
  const names = methods.map(({ name }) => name)
  t.same(
    names.filter((name) => !known.includes(name)),
    [],
    'say in test/authorization/methods.ts who may call them'
  )
  t.same(
    known.filter((name) => !names.includes(name)),
    [],
    'take them out of test/authorization/methods.ts'
  )
  for (const { name, 'x-scope': scope } of methods) t.equal(scope, CALLS[name]?.scope, `${name} is told of as it is`)
})

t.test('every method against every credential, over HTTP', async (t) => {
  const before = await served.whatIsThere()
  await cross(t, false)
  t.same(await served.whatIsThere(), before, 'nothing came of what was refused')
  await cross(t, true)
  t.notSame(await served.whatIsThere(), before, 'which can be seen')
})

t.test('a batch lets each call in by itself', async (t) => {
  const robot = served.credentials.find(({ name }) => name === 'certificate of robot')
  const body = ['system.ping', 'config.read', 'tokens.list', 'turn.list'].map((method, id) => ({
    jsonrpc: '2.0',
    id,
    method
  }))
  const { text } = await served.ask({ method: 'POST', path: '/rpc', body }, robot)
  t.match(JSON.parse(text), [
    { result: {} },
    { error: { code: -32_603 } },
    { error: { code: -32_603 } },
    { result: {} }
  ])
})
