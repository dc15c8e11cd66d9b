import Type from 'typebox'
import { readConfig } from '../../../../src/config/read.ts'
import { defineMethod } from '../../method.ts'

export const get = defineMethod({
  name: 'config.get',
  scope: 'admin',
  summary: 'Read a part of the configuration, without its secrets',
  params: Type.Object({ path: Type.String({ maxLength: 1000, description: 'Dotted, as in `gateway.port`.' }) }),
  result: Type.Object({ path: Type.String(), value: Type.Unknown() }),
  handler: ({ path }, { services }) => ({ path, value: readConfig(services.config, path) })
})
