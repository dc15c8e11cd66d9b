import Type from 'typebox'
import { MemoryRecord, toRecord } from '../../../memory/schema.ts'
import { defineMethod } from '../../method.ts'

export const inspect = defineMethod({
  name: 'memory.inspect',
  scope: 'admin',
  summary: 'Read an entry, and how it is found',
  params: Type.Object({ id: Type.String() }),
  result: Type.Object({
    entry: MemoryRecord,
    embedding: Type.Object(
      {
        state: Type.Enum(['embedded', 'waiting', 'refused', 'off'], {
          description:
            '`waiting`: it gets its vector as soon as may be; `refused`: it is too long for the model; `off`: there is none.'
        }),
        model: Type.Optional(Type.String({ description: 'The embedding model.' })),
        dimensions: Type.Optional(Type.Integer({ description: 'Numbers of a vector, once that is known.' }))
      },
      { description: 'An entry that is not embedded is found by its words alone.' }
    )
  }),
  handler: async ({ id }, { services }) => {
    const { entry, embedding } = await services.memory.inspect(id)
    return { entry: toRecord(entry), embedding }
  }
})
