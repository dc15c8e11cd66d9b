import Type from 'typebox'
import { SessionExport, toExport } from '../../../sessions/schema.ts'
import { defineMethod } from '../../method.ts'
import { ref, refOf } from './params.ts'

export const exportSession = defineMethod({
  name: 'session.export',
  scope: 'admin',
  summary: 'Export a session with all its messages, the oldest first',
  description: 'In pages: call it again with `after` as long as there is a `next`.',
  params: Type.Object({ ...ref, after: Type.Optional(Type.String({ description: '`next` of the page before.' })) }),
  result: SessionExport,
  handler: async ({ after, ...params }, { services, by }) =>
    toExport(await services.sessions.messages(refOf(params, by), after))
})
