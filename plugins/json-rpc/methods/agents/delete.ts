import Type from 'typebox'
import { defineMethod } from '../../method.ts'
import { agentId } from './shapes.ts'

export const deleteAgent = defineMethod({
  name: 'agents.delete',
  scope: 'admin',
  summary: 'Take an agent away',
  description: 'Its sessions and what it remembers stay. Turns that run go on to their end.',
  params: Type.Object({ agentId }),
  result: Type.Object({ deleted: Type.Literal(true) }),
  async handler({ agentId: id }, { services, by }) {
    await services.agentManager.remove(id, by.clientId)
    return { deleted: true as const }
  }
})
