import Type from 'typebox'
import { agentsOf } from '../../../../src/access/limits.ts'
import { findableBy } from '../../../../src/access/principal.ts'
import { FoundMemories, toRecord } from '../../../memory/schema.ts'
import { defineMethod } from '../../method.ts'
import { limit as upTo, scope } from './params.ts'

export const search = defineMethod({
  name: 'memory.search',
  scope: 'rpc',
  summary: 'Find what is remembered',
  description:
    'By words and by meaning: one’s own and everyone’s; for the scope `admin` that of all clients. Only of agents that the token may use.',
  params: Type.Object({
    query: Type.String({ minLength: 1, maxLength: 4000, description: 'What to look for.' }),
    limit: upTo(100, 10),
    agentId: scope.agentId
  }),
  result: FoundMemories,
  handler: async ({ query, limit = 10, agentId }, { services, by, signal }) => {
    const found = await services.memory.search(
      { query, limit, agentIds: agentsOf(by, agentId), clientId: findableBy(by) },
      signal
    )
    return { results: found.map(toRecord) }
  }
})
