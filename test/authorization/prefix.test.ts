import t from 'tap'
import { serveEveryone } from '../support/authorization.ts'
import { crossRoutes } from './door.ts'
import { DOORS } from './routes.ts'

t.test('in a host application, under a prefix, every route lets in the same', async (t) => {
  const served = await serveEveryone(t, { prefix: '/ai/gateway' })
  t.same([...served.routes].toSorted(), Object.keys(DOORS).toSorted())
  await crossRoutes(t, served, DOORS)
})
