import Type from 'typebox'
import { defineMethod } from '../../method.ts'
import { ref, refOf } from './params.ts'

export const deleteSession = defineMethod({
  name: 'session.delete',
  scope: 'admin',
  summary: 'Remove a session with its messages',
  description: 'Turns that run in it are stopped. What was used stays counted.',
  params: Type.Object(ref),
  result: Type.Object({ deleted: Type.Literal(true) }),
  handler: async (params, { services, by, signal }) => {
    await services.sessions.remove(refOf(params, by), by, signal)
    return { deleted: true as const }
  }
})
