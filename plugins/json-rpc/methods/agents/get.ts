import Type from 'typebox'
import { defineMethod } from '../../method.ts'
import { AgentDetail, agentId, describe } from './shapes.ts'

export const get = defineMethod({
  name: 'agents.get',
  scope: 'admin',
  summary: 'Read an agent with its configuration',
  params: Type.Object({ agentId }),
  result: AgentDetail,
  handler: ({ agentId: id }, { services }) => describe(id, services)
})
