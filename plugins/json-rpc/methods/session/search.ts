import Type from 'typebox'
import { findableOf } from '../../../../src/access/principal.ts'
import { FoundMessages, toFound } from '../../../sessions/schema.ts'
import { defineMethod } from '../../method.ts'
import { scope } from './params.ts'

export const search = defineMethod({
  name: 'session.search',
  scope: 'rpc',
  summary: 'Find messages by their words',
  description: 'All of the words have to be in a message, in any form: `drive` finds `driving`.',
  params: Type.Object({
    query: Type.String({ minLength: 1, maxLength: 4000, description: 'What to look for.' }),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20, description: 'How many at most.' })),
    ...scope
  }),
  result: FoundMessages,
  handler: async ({ query, limit = 20, clientId, agentId }, { services, by, signal }) => {
    const asked = { text: query, limit, agentId, clientId: findableOf(by, clientId) }
    const found = await services.sessions.search(asked, signal)
    return { results: found.map(toFound) }
  }
})
