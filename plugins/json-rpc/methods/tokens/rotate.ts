import Type from 'typebox'
import { defineMethod } from '../../method.ts'
import { id, made, time } from './schema.ts'

const LONGEST_GRACE = 30 * 86_400

export const rotate = defineMethod({
  name: 'tokens.rotate',
  scope: 'admin',
  summary: 'Give a client a new secret',
  description: `With the scopes of its newest one and the limits of the client. The secrets that it had, those of the configuration too, end after a time of
grace, and with them the connections that were opened with them.`,
  params: Type.Object({
    id,
    graceSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: LONGEST_GRACE,
        default: 300,
        description: 'For how long the secrets that it had go on.'
      })
    ),
    expiresAt: Type.Optional(time('When the new secret ends; left out: when the newest one was to end.'))
  }),
  result: Type.Object({ ...made, previousEndsAt: time('When the secrets that it had end, at the latest.') }),
  handler: async (params, { services, by }) => services.tokens.rotate(params, by)
})
