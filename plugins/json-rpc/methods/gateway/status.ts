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
    sections: Type.Array(Type.String(), { description: 'Of the configuration.' })
  }),
  handler: (_params, { services }) => processStatus(services.config, services.configPaths)
})
