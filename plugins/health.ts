import Type from 'typebox'
import type { Instance } from '../src/instance.ts'

/** What both health routes answer. */
export const Health = Type.Object(
  {
    status: Type.Literal('ok'),
    timestamp: Type.String({ format: 'date-time' }),
    instanceId: Type.String({ description: 'Another one after every start.' }),
    startedAt: Type.String({ format: 'date-time' })
  },
  { description: 'The gateway is up.' }
)

export const health = ({ instanceId, startedAt }: Instance) => ({
  status: 'ok' as const,
  timestamp: new Date().toISOString(),
  instanceId,
  startedAt
})
