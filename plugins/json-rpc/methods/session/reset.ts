import Type from 'typebox'
import { defineMethod } from '../../method.ts'
import { ref, refOf } from './params.ts'

export const reset = defineMethod({
  name: 'session.reset',
  scope: 'admin',
  summary: 'Have the next message of a session start a new conversation',
  description: 'What was said can still be read. Waits for the turns that run in it.',
  params: Type.Object(ref),
  result: Type.Object({ reset: Type.Literal(true) }),
  handler: async (params, { services, by, signal }) => {
    await services.sessions.reset(refOf(params, by), by, signal)
    return { reset: true as const }
  }
})
