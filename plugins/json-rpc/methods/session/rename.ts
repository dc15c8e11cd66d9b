import Type from 'typebox'
import { SessionRecord, Title, toRecord } from '../../../sessions/schema.ts'
import { defineMethod } from '../../method.ts'
import { ref, refOf } from './params.ts'

export const rename = defineMethod({
  name: 'session.rename',
  scope: 'rpc',
  summary: 'Give a session a title, or take it away',
  description: 'Its key stays what it is.',
  params: Type.Object({ sessionKey: ref.sessionKey, title: Title, clientId: ref.clientId }),
  result: SessionRecord,
  handler: async ({ title, ...params }, { services, by }) =>
    toRecord(await services.sessions.rename(refOf(params, by), title, by))
})
