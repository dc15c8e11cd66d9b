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

const Ready = Type.Object({ status: Type.Literal('ready') }, { description: 'It is to be sent requests.' })
const NotReady = Type.Object(
  {
    status: Type.Literal('not_ready'),
    reasons: Type.Array(Type.Enum(['storage', 'shutting_down', 'overloaded']), {
      description:
        '`storage`: it does not answer, or cannot be written; `overloaded`: see `gateway.pressure`; `shutting_down`.'
    })
  },
  { description: 'It is to be left alone for now.' }
)

export const readyResponses = { 200: Ready, 400: healthResponses[400], 503: NotReady }

export const health = ({ instanceId, startedAt }: Instance) => ({
  status: 'ok' as const,
  timestamp: new Date().toISOString(),
  instanceId,
  startedAt
})
