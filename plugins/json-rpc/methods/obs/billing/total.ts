import Type from 'typebox'
import { period, toSums, TotalUsage, toUnpriced } from '../../../../usage/schema.ts'
import { defineMethod } from '../../../method.ts'

export const total = defineMethod({
  name: 'obs.billing.total',
  scope: 'admin',
  summary: 'What was used, and what it cost',
  description: `Of all turns that ended; hours are the grain. The cost is what is known: \`unpriced\` says what it leaves out. Of
a turn whose process died nothing is known but that it failed.`,
  params: Type.Object(period),
  result: TotalUsage,
  handler: async (period, { services }) => {
    const sums = await services.usages.total(period)
    return { ...toSums(sums), since: sums.since, unpriced: toUnpriced(sums) }
  }
})
