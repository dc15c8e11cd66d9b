import Type from 'typebox'
import { listAgents } from '../../../../src/agents/list.ts'
import { AgentList } from '../../../schemas/agents.ts'
import { defineMethod } from '../../method.ts'

export const list = defineMethod({
  name: 'agents.list',
  aliases: ['agent.list'],
  scope: 'rpc',
  summary: 'List agents',
  params: Type.Object({}),
  result: AgentList,
  handler: async (_params, { services }) => ({ agents: await listAgents(services.agents, services.usages) })
})
