import Type from 'typebox'
import type { Instance } from '../src/instance.ts'

const Health = Type.Object(
  {
    status: Type.Literal('ok'),
    timestamp: Type.String({ format: 'date-time' }),
    instanceId: Type.String({ description: 'Another one after every start.' }),
    startedAt: Type.String({ format: 'date-time' })
  },
  { description: 'The gateway is up.' }
)

/** What both health routes answer: 200, or what Node itself answers to what is not HTTP. */
export const healthResponses = { 200: Health, 400: Type.Null({ description: 'The request is not valid HTTP.' }) }

export const health = ({ instanceId, startedAt }: Instance) => ({
  status: 'ok' as const,
  timestamp: new Date().toISOString(),
  instanceId,
  startedAt
})
