import Type from 'typebox'
import { defineMethod } from '../../method.ts'

export const reset = defineMethod({
  name: 'obs.reset',
  scope: 'admin',
  summary: 'Set all sums of usage back',
  description: `Also what agents used today. Turns and messages stay. Told as the events \`diagnostic:billing_snapshot\` (what
the sums were), \`observability:reset\` and \`audit:event\`.`,
  params: Type.Object({}),
  result: Type.Object({
    reset: Type.Literal(true),
    since: Type.Integer({ description: 'From when on is counted now, in milliseconds since the epoch.' })
  }),
  handler: async (_params, { services, by }) => ({ reset: true as const, since: await services.usages.reset(by) })
})
