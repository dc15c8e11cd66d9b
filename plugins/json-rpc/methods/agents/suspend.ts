import Type from 'typebox'
import { defineMethod } from '../../method.ts'
import { AgentDetail, agentId, describe } from './shapes.ts'

export const suspend = defineMethod({
  name: 'agents.suspend',
  scope: 'admin',
  summary: 'Refuse the turns of an agent, until it is resumed',
  description: 'Turns that run go on to their end.',
  params: Type.Object({ agentId }),
  result: AgentDetail,
  async handler({ agentId: id }, { services, by }) {
    await services.agentManager.suspend(id, true, by.clientId)
    return describe(id, services)
  }
})

export const resume = defineMethod({
  name: 'agents.resume',
  scope: 'admin',
  summary: 'Take the turns of a suspended agent again',
  params: Type.Object({ agentId }),
  result: AgentDetail,
  async handler({ agentId: id }, { services, by }) {
    await services.agentManager.suspend(id, false, by.clientId)
    return describe(id, services)
  }
})
