import Type from 'typebox'
import { ownerOf } from '../../../../src/access/principal.ts'
import { History, toMessage } from '../../../schemas/history.ts'
import { defineMethod } from '../../method.ts'

export const history = defineMethod({
  name: 'session.history',
  scope: 'rpc',
  summary: 'Read what was said',
  params: Type.Object({
    sessionKey: Type.Optional(Type.String({ description: 'Left out: all sessions of the client.' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 200, description: 'The newest so many.' })),
    clientId: Type.Optional(
      Type.String({ description: 'Whose sessions; only for the scope `admin`. Default: one’s own.' })
    )
  }),
  result: History,
  handler: async ({ sessionKey, limit = 200, clientId }, { services, by }) => {
    const entries = await services.storage.sessions.history(ownerOf(by, clientId), sessionKey, limit)
    return { messages: entries.map(toMessage) }
  }
})
