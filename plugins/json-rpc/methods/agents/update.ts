import Type from 'typebox'
import { defineMethod } from '../../method.ts'
import { AgentDetail, agentId, describe } from './shapes.ts'

export const update = defineMethod({
  name: 'agents.update',
  scope: 'admin',
  summary: 'Change an agent while the gateway runs',
  description:
    'A merge patch of its configuration: what it names is changed, null sets a key back to its default. Turns that run go on as they began.',
  params: Type.Object({
    agentId,
    patch: Type.Object({}, { description: 'As in `{ "systemPrompt": "You are brief." }`.' })
  }),
  result: AgentDetail,
  async handler({ agentId: id, patch }, { services, by }) {
    await services.agentManager.update(id, patch, by.clientId)
    return describe(id, services)
  }
})
