import Type from 'typebox'
import { processStatus } from '../../../../src/status.ts'
import { defineMethod } from '../../method.ts'

const bytes = Type.Integer()

export const status = defineMethod({
  name: 'gateway.status',
  scope: 'admin',
  summary: 'How the process is',
  params: Type.Object({}),
  result: Type.Object({
    pid: Type.Integer(),
    uptime: Type.Number({ description: 'Seconds.' }),
    memoryUsage: Type.Object(
      { rss: bytes, heapTotal: bytes, heapUsed: bytes, external: bytes, arrayBuffers: bytes },
      { description: 'Bytes.' }
    ),
    nodeVersion: Type.String(),
    configPaths: Type.Array(Type.String(), { description: 'The files that the configuration was read from.' }),
    sections: Type.Array(Type.String(), { description: 'Of the configuration.' }),
    restart: Type.Array(Type.String(), { description: 'Keys that were changed and take effect at the next start.' })
  }),
  handler: (_params, { services: { config, configPaths, liveConfig } }) => ({
    ...processStatus(config, configPaths),
    restart: liveConfig.restart
  })
})
