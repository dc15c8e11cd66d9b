import Type from 'typebox'
import type { TokenInfo } from '../../../../src/access/token.ts'
import type { Spending } from '../../../../src/limits/spending.ts'
import { defineMethod } from '../../method.ts'
import { fingerprint, id, limits, scopes, time } from './schema.ts'

const Budget = Type.Object({
  ...limits.budget.properties,
  spent: Type.Number({ description: 'In this period, in USD or tokens.' }),
  left: Type.Number({ description: 'Of it, never below 0.' }),
  resetsAt: time('When the next period begins.')
})

const Token = Type.Object({
  id,
  scopes,
  ...limits,
  budget: Type.Optional(Budget),
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
  description:
    'One entry a secret: a client whose token was rotated has two until the time of grace is over. Limits and budget are the client’s.',
  params: Type.Object({}),
  result: Type.Object({ tokens: Type.Array(Token) }),
  handler: (_params, { services: { tokens, spending } }) => ({
    tokens: tokens.list().map((token) => withBudget(token, spending))
  })
})

function withBudget({ budget, ...token }: TokenInfo, spending: Spending) {
  const status = spending.status(token.id, { budget })
  return budget && status ? { ...token, budget: { ...budget, ...status } } : token
}
