import Type from 'typebox'
import { AgentList } from '../../../schemas/agents.ts'
import { defineMethod } from '../../method.ts'

export const list = defineMethod({
  name: 'agents.list',
  aliases: ['agent.list'],
  scope: 'rpc',
  summary: 'List agents',
  params: Type.Object({}),
  result: AgentList,
  handler: async (_params, { services }) => ({ agents: await services.agents.list() })
})
