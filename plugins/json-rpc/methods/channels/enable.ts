import Type from 'typebox'
import { Channel } from '../../../schemas/channels.ts'
import { defineMethod, type RpcCall } from '../../method.ts'
import { type } from './params.ts'

export const enable = defineMethod({
  name: 'channels.enable',
  scope: 'admin',
  summary: 'Enable a channel and start it',
  description: 'Kept as a change of the configuration.',
  params: Type.Object({ type }),
  result: Channel,
  handler: ({ type: name }, call) => setEnabled(name, true, call)
})

export const disable = defineMethod({
  name: 'channels.disable',
  scope: 'admin',
  summary: 'Stop a channel and take it off the lists of others',
  description: 'Kept as a change of the configuration.',
  params: Type.Object({ type }),
  result: Channel,
  handler: ({ type: name }, call) => setEnabled(name, false, call)
})

async function setEnabled(name: string, enabled: boolean, { services: { channels, liveConfig }, by }: RpcCall) {
  await liveConfig.patch(() => {
    channels.get(name) // it is there
    return { channels: { [name]: { enabled } } }
  }, by.clientId)
  return channels.get(name)
}
