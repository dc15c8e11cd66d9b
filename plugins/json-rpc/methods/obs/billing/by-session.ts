import Type from 'typebox'
import { period, SessionUsage, toSession } from '../../../../usage/schema.ts'
import { defineMethod } from '../../../method.ts'

const MOST = 1000
const USUAL = 50

export const bySession = defineMethod({
  name: 'obs.billing.bySession',
  scope: 'admin',
  summary: 'Which sessions used most tokens',
  description:
    'The largest first, each with the sums of all its turns. Turns without a session, as on `/v1`, are not here.',
  params: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST, default: USUAL, description: 'How many at most.' })),
    clientId: period.clientId,
    since: Type.Optional(
      Type.Integer({
        description: 'Only sessions with a turn that ended then or later, in milliseconds since the epoch.'
      })
    )
  }),
  result: Type.Object({ sessions: Type.Array(SessionUsage) }),
  handler: async ({ limit = USUAL, clientId, since }, { services }) => ({
    sessions: (await services.usages.bySession({ limit, clientId, since })).map(toSession)
  })
})
