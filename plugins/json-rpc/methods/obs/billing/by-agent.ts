import Type from 'typebox'
import { AgentUsage, period, toSums } from '../../../../usage/schema.ts'
import { defineMethod } from '../../../method.ts'

export const byAgent = defineMethod({
  name: 'obs.billing.byAgent',
  scope: 'admin',
  summary: 'What each agent used',
  description: 'The largest first; hours are the grain.',
  params: Type.Object(period),
  result: Type.Object({ agents: Type.Array(AgentUsage) }),
  handler: async (period, { services }) => {
    const agents = await services.usages.byAgent(period)
    return { agents: agents.map((sums) => ({ agentId: sums.agentId ?? null, ...toSums(sums) })) }
  }
})
