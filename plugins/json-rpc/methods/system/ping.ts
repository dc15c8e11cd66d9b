import Type from 'typebox'
import { defineMethod } from '../../method.ts'

export const ping = defineMethod({
  name: 'system.ping',
  scope: 'rpc',
  summary: 'Is the gateway there?',
  params: Type.Object({}),
  result: Type.Object({ pong: Type.Literal(true), ts: Type.Integer({ description: 'Milliseconds since the epoch.' }) }),
  handler: () => ({ pong: true as const, ts: Date.now() })
})
