import Type from 'typebox'
import { MemoryState } from '../../../memory/schema.ts'
import { defineMethod } from '../../method.ts'

export const flush = defineMethod({
  name: 'memory.flush',
  scope: 'admin',
  summary: 'Wait until everything can be found by its meaning',
  description: `What has no vector yet is embedded now, and what the model refused before is tried again. It takes as long as
that takes: cancel it by \`rpc.cancel\`. When the embedding model cannot be asked, that is the error.`,
  params: Type.Object({}),
  result: Type.Object({
    embedded: Type.Integer({ description: 'Entries that have a vector.' }),
    refused: Type.Integer({ description: 'Those the model refused, as too long for it.' }),
    state: MemoryState
  }),
  handler: async (_params, { services, signal }) => {
    const { embeddedEntries, refusedEntries, state } = await services.memory.flush(signal)
    return { embedded: embeddedEntries, refused: refusedEntries, state }
  }
})
