import Type from 'typebox'
import { processStatus } from '../../../../src/status.ts'
import { ProcessStatus } from '../../../schemas/status.ts'
import { defineMethod } from '../../method.ts'

export const status = defineMethod({
  name: 'gateway.status',
  scope: 'admin',
  summary: 'How the process is',
  params: Type.Object({}),
  result: ProcessStatus,
  handler: (_params, { services: { liveConfig, configPaths } }) => processStatus(liveConfig, configPaths)
})
