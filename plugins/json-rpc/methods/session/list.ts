import Type from 'typebox'
import { SessionList, TitleFilter, toList } from '../../../sessions/schema.ts'
import { defineMethod } from '../../method.ts'
import { scope } from './params.ts'

export const list = defineMethod({
  name: 'session.list',
  scope: 'admin',
  summary: 'Page through the sessions, the most recently used first',
  params: Type.Object({
    agentId: scope.agentId,
    clientId: Type.Optional(Type.String({ description: 'Only those of this client.' })),
    title: TitleFilter,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'How many at most.' })),
    before: Type.Optional(Type.String({ description: '`next` of the page before.' }))
  }),
  result: SessionList,
  handler: async ({ limit = 50, ...rest }, { services }) => toList(await services.sessions.list({ ...rest, limit }))
})
