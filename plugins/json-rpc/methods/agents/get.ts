import Type from 'typebox'
import { Agent } from '../../../../src/config/schema.ts'
import { defineMethod } from '../../method.ts'

export const get = defineMethod({
  name: 'agents.get',
  scope: 'admin',
  summary: 'Read an agent with its configuration',
  params: Type.Object({ agentId: Type.String() }),
  result: Type.Object({ id: Type.String(), name: Type.String(), provider: Type.String(), config: Agent }),
  handler({ agentId }, { services }) {
    const { id, name, providerId, config } = services.agents.get(agentId)
    return { id, name, provider: providerId, config }
  }
})
