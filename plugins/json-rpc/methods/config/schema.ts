import Type from 'typebox'
import { Config } from '../../../../src/config/schema.ts'
import { defineMethod } from '../../method.ts'

export const schema = defineMethod({
  name: 'config.schema',
  scope: 'admin',
  summary: 'Read the JSON Schema of the configuration',
  params: Type.Object({}),
  result: Type.Object({ schema: Type.Unknown() }),
  handler: () => ({ schema: Config })
})
