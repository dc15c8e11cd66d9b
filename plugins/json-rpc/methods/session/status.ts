import Type from 'typebox'
import { Status, toStatus } from '../../../sessions/schema.ts'
import { defineMethod } from '../../method.ts'
import { ref, refOf } from './params.ts'

export const status = defineMethod({
  name: 'session.status',
  scope: 'rpc',
  summary: 'How a session is',
  params: Type.Object(ref),
  result: Status,
  handler: async (params, { services, by }) => toStatus(await services.sessions.status(refOf(params, by)))
})
