import Type from 'typebox'
import { ChannelStatus } from '../../../schemas/channels.ts'
import { defineMethod } from '../../method.ts'
import { type } from './params.ts'

export const health = defineMethod({
  name: 'channels.health',
  scope: 'admin',
  summary: 'Look whether a channel works',
  description: 'Also told as an event `diagnostic:channel_health`.',
  params: Type.Object({ type }),
  result: Type.Object({
    healthy: Type.Boolean(),
    status: ChannelStatus,
    message: Type.Optional(Type.String({ description: 'What is wrong.' }))
  }),
  handler: ({ type: name }, { services, signal }) => services.channels.health(name, signal)
})
