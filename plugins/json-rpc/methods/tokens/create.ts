import Type from 'typebox'
import { defineMethod } from '../../method.ts'
import { limits, made, newId, scopes, time } from './schema.ts'

export const create = defineMethod({
  name: 'tokens.create',
  scope: 'admin',
  summary: 'Make a token',
  description:
    'Its secret is in the answer and is never shown again. A client that has a token is given a new one by `tokens.rotate`. Only who holds `*` can give it, and who is limited gives no more than it has.',
  params: Type.Object({
    id: newId,
    scopes,
    expiresAt: Type.Optional(time('From then on it is refused; left out: it does not expire.')),
    ...limits
  }),
  result: Type.Object(made),
  handler: async (params, { services, by }) => services.tokens.create(params, by)
})
