import Type from 'typebox'
import { listAgents } from '../../../../src/agents/list.ts'
import { AgentList } from '../../../schemas/agents.ts'
import { defineMethod } from '../../method.ts'

export const list = defineMethod({
  name: 'agents.list',
  aliases: ['agent.list'],
  scope: 'rpc',
  summary: 'List the agents that the token may use',
  params: Type.Object({}),
  result: AgentList,
  handler: async (_params, { services, by }) => ({ agents: await listAgents(by, services.agents, services.usages) })
})
