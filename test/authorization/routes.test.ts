import t from 'tap'
import { serveEveryone } from '../support/authorization.ts'
import { crossRoutes } from './door.ts'
import { DOORS } from './routes.ts'

const served = await serveEveryone(t)

t.test('every route is in the table, and the table names no other', async (t) => {
  const known = Object.keys(DOORS)
  const unknown = [...served.routes].filter((key) => !known.includes(key))
  const gone = known.filter((key) => !served.routes.has(key))
  t.same(unknown, [], 'say in test/authorization/routes.ts who may use them')
  t.same(gone, [], 'take them out of test/authorization/routes.ts')
})

t.test('every route against every credential', async (t) => {
  await crossRoutes(t, served, DOORS)
})
