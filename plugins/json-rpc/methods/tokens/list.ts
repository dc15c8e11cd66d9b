import Type from 'typebox'
import { defineMethod } from '../../method.ts'
import { fingerprint, id, scopes, time } from './schema.ts'

const Token = Type.Object({
  id,
  scopes,
  fingerprint,
  source: Type.Enum(['config', 'runtime', 'certificate'], {
    description: 'Whether it stands in the configuration, was made here, or is a certificate of `gateway.tls.clients`.'
  }),
  createdAt: Type.Optional(time('When it was made here.')),
  expiresAt: Type.Optional(time('When it ends; left out: never.')),
  lastUsedAt: Type.Optional(time('Left out: not since the process started.'))
})

export const list = defineMethod({
  name: 'tokens.list',
  scope: 'admin',
  summary: 'List the tokens that are valid',
  description: 'One entry a secret: a client whose token was rotated has two until the time of grace is over.',
  params: Type.Object({}),
  result: Type.Object({ tokens: Type.Array(Token) }),
  handler: (_params, { services }) => ({ tokens: services.tokens.list() })
})
