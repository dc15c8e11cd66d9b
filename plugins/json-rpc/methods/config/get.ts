import Type from 'typebox'
import { readConfig } from '../../../../src/config/read.ts'
import { defineMethod } from '../../method.ts'
import { keysOf, Path } from './shapes.ts'

export const get = defineMethod({
  name: 'config.get',
  scope: 'admin',
  summary: 'Read a part of the configuration, without its secrets',
  params: Type.Object({ path: Path }),
  result: Type.Object({ path: Path, value: Type.Unknown() }),
  handler: ({ path }, { services }) => ({ path, value: readConfig(services.config, keysOf(path)) })
})
