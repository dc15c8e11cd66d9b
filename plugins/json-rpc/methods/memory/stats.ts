import Type from 'typebox'
import { Stats } from '../../../memory/schema.ts'
import { defineMethod } from '../../method.ts'

export const stats = defineMethod({
  name: 'memory.stats',
  scope: 'admin',
  summary: 'How much is remembered, and how it is found',
  params: Type.Object({}),
  result: Stats,
  handler: async (_params, { services }) => ({ stats: await services.memory.stats() })
})
