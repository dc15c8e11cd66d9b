import Type from 'typebox'
import { defineMethod } from '../../method.ts'
import { AgentDetail, agentId, describe, settings } from './shapes.ts'

export const create = defineMethod({
  name: 'agents.create',
  scope: 'admin',
  summary: 'Add an agent while the gateway runs',
  description:
    'It is there at once, and kept: a change of the configuration as `config.patch` makes one. What is left out is as in a file.',
  fills: false,
  params: Type.Object({ agentId, ...settings }),
  result: AgentDetail,
  async handler({ agentId: id, ...agent }, { services, by }) {
    await services.agentManager.create(id, agent, by.clientId)
    return describe(id, services)
  }
})
