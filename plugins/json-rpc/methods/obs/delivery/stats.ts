import Type from 'typebox'
import { State } from '../../../../webhooks/schema.ts'
import { defineMethod } from '../../../method.ts'

export const stats = defineMethod({
  name: 'obs.delivery.stats',
  scope: 'admin',
  summary: 'How many deliveries there are, by mapping and state',
  description: 'Of those that are still known (`webhooks.keepDays`, `webhooks.keepDeadDays`).',
  params: Type.Object({}),
  result: Type.Object({
    total: Type.Integer(),
    counts: Type.Array(Type.Object({ mapping: Type.String(), state: State, count: Type.Integer() }))
  }),
  handler: async (_params, { services }) => {
    const counts = await services.webhooks.counts()
    return {
      total: counts.reduce((sum, { count }) => sum + count, 0),
      counts: counts.map(({ mappingId: mapping, state, count }) => ({ mapping, state, count }))
    }
  }
})
