import Type from 'typebox'
import { readConfig } from '../../../../src/config/read.ts'
import { defineMethod } from '../../method.ts'

export const read = defineMethod({
  name: 'config.read',
  scope: 'admin',
  summary: 'Read the whole configuration, without its secrets',
  params: Type.Object({}),
  result: Type.Object({
    config: Type.Unknown(),
    version: Type.Integer(),
    restart: Type.Array(Type.String(), { description: 'The keys that take effect at the next start.' })
  }),
  handler(_params, { services: { config, liveConfig } }) {
    const { version, restart } = liveConfig
    return { config: readConfig(config), version, restart }
  }
})
