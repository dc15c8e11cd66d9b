import Type from 'typebox'
import { Compacted, Keep, toCompacted, USUAL_KEEP } from '../../../sessions/schema.ts'
import { defineMethod } from '../../method.ts'
import { ref, refOf } from './params.ts'

export const compact = defineMethod({
  name: 'session.compact',
  scope: 'admin',
  summary: 'Have a summary stand for the older messages of a session',
  description: `The agent’s own model writes it, and is given it in their place from then on; they can still be read. Waits for the
turns that run in the session.`,
  params: Type.Object({ ...ref, keep: Keep }),
  result: Compacted,
  handler: async ({ keep = USUAL_KEEP, ...params }, { services, by, signal }) =>
    toCompacted(await services.sessions.compact(refOf(params, by), keep, by, signal))
})
