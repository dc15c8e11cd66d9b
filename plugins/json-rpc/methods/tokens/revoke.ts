import Type from 'typebox'
import { defineMethod } from '../../method.ts'
import { id } from './schema.ts'

export const revoke = defineMethod({
  name: 'tokens.revoke',
  scope: 'admin',
  summary: 'End all secrets of a client, now',
  description: `Those of the configuration too: they stay ended over a restart, while a new secret in the file works. What goes on under
them is ended: turns are aborted, streams cut off, WebSockets closed with 4001.`,
  params: Type.Object({
    id,
    force: Type.Optional(Type.Boolean({ default: false, description: 'Also when no admin could come in any more.' }))
  }),
  result: Type.Object({ revoked: Type.Integer({ description: 'How many secrets there were.' }) }),
  handler: async (params, { services, by }) => ({ revoked: await services.tokens.revoke(params, by) })
})
