import Type from 'typebox'
import { defineMethod } from '../../method.ts'
import { Changed } from './shapes.ts'

export const rollback = defineMethod({
  name: 'config.rollback',
  scope: 'admin',
  summary: 'Go back to what was changed at run time up to a version',
  description: 'What the file says is not touched. It makes a new version, so that it can itself be taken back.',
  params: Type.Object({ version: Type.Integer({ minimum: 1, description: 'A version of `config.history`.' }) }),
  result: Changed,
  handler: ({ version }, { services, by }) => services.liveConfig.rollback(version, by.clientId)
})
