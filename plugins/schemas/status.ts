import Type from 'typebox'

const bytes = Type.Integer()

export const ProcessStatus = Type.Object({
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
})
