import Type from 'typebox'
import { period, ProviderUsage, toProvider } from '../../../../usage/schema.ts'
import { defineMethod } from '../../../method.ts'

export const byProvider = defineMethod({
  name: 'obs.billing.byProvider',
  scope: 'admin',
  summary: 'What was used of each provider and its models',
  description: `The largest first; hours are the grain. A turn counts for the last model that answered in it.`,
  params: Type.Object(period),
  result: Type.Object({ providers: Type.Array(ProviderUsage) }),
  handler: async (period, { services }) => ({ providers: (await services.usages.byProvider(period)).map(toProvider) })
})
