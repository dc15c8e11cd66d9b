import Type from 'typebox'
import { Channel } from '../../../schemas/channels.ts'
import { defineMethod } from '../../method.ts'
import { type } from './params.ts'

export const restart = defineMethod({
  name: 'channels.restart',
  scope: 'admin',
  summary: 'Stop a channel and start it again',
  params: Type.Object({ type }),
  result: Channel,
  async handler({ type: name }, { services: { channels } }) {
    await channels.restart(name)
    return channels.get(name)
  }
})
