import Type from 'typebox'
import { defineMethod } from '../../method.ts'

export const deleteMemories = defineMethod({
  name: 'memory.delete',
  scope: 'admin',
  summary: 'Forget entries',
  description: 'Ids that are not there are passed over.',
  params: Type.Object({ ids: Type.Array(Type.String(), { minItems: 1, maxItems: 1000 }) }),
  result: Type.Object({ deleted: Type.Integer({ description: 'How many there were.' }) }),
  handler: async ({ ids }, { services }) => ({ deleted: await services.memory.remove(ids) })
})
