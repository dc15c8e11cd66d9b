import t from 'tap'
import { serveEveryone } from '../support/authorization.ts'
import { crossRoutes, requestOf } from './door.ts'
import { DOORS, isOfDashboard } from './routes.ts'

const served = await serveEveryone(t, { gateway: { web: { enabled: false } } })
const [gone, left] = [true, false].map((is) => Object.entries(DOORS).filter(([key]) => isOfDashboard(key) === is))

t.test('what is of the dashboard is not there, whoever asks', async (t) => {
  const credentials = served.credentials.filter(({ query }) => !query)
  for (const [key, door] of gone ?? []) {
    const answers = await Promise.all(credentials.map((credential) => served.ask(requestOf(key, door), credential)))
    t.same(new Set(answers.map(({ status, text }) => `${status} ${text}`)), new Set(['404 {"error":"Not Found"}']), key)
  }
})

t.test('what stays lets in the same', async (t) => {
  const doors = Object.fromEntries(left ?? [])
  t.same([...served.routes].toSorted(), Object.keys(doors).toSorted())
  await crossRoutes(t, served, doors)
})
