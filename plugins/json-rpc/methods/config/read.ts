import Type from 'typebox'
import { readConfig } from '../../../../src/config/read.ts'
import { defineMethod } from '../../method.ts'

export const read = defineMethod({
  name: 'config.read',
  scope: 'admin',
  summary: 'Read the whole configuration, without its secrets',
  params: Type.Object({}),
  result: Type.Object({ config: Type.Unknown() }),
  handler: (_params, { services }) => ({ config: readConfig(services.config) })
})
