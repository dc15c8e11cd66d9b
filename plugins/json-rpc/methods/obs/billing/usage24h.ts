import Type from 'typebox'
import { HourUsage, period, Sums, toSums } from '../../../../usage/schema.ts'
import { defineMethod } from '../../../method.ts'

export const usage24h = defineMethod({
  name: 'obs.billing.usage24h',
  scope: 'admin',
  summary: 'What was used in the last 24 hours, hour by hour',
  description: 'Whole hours up to the one that runs, oldest first. A turn counts in the hour in which it ended.',
  params: Type.Object({ clientId: period.clientId }),
  result: Type.Object({ hours: Type.Array(HourUsage, { description: '24, those without turns too.' }), total: Sums }),
  handler: async ({ clientId }, { services }) => {
    const { hours, total } = await services.usages.lastDay(clientId)
    return { hours: hours.map((hour) => ({ start: hour.start, ...toSums(hour) })), total: toSums(total) }
  }
})
