import Type from 'typebox'
import { MemoryRecord, toRecord } from '../../../memory/schema.ts'
import { defineMethod } from '../../method.ts'

export const store = defineMethod({
  name: 'memory.store',
  scope: 'admin',
  summary: 'Remember something',
  description: 'What is remembered already is not kept twice: the entry that is there is answered.',
  params: Type.Object({
    content: Type.String({ minLength: 1, maxLength: 4000 }),
    tags: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 16 })),
    clientId: Type.Optional(Type.String({ description: 'Whose it is; left out: everyone’s.' })),
    agentId: Type.Optional(Type.String({ description: 'The agent that remembers it; left out: all do.' }))
  }),
  result: MemoryRecord,
  handler: async ({ content, tags = [], clientId, agentId }, { services }) =>
    toRecord(await services.memory.store({ content, tags, clientId, agentId, source: 'operator' }))
})
