import Type from 'typebox'
import { ChannelList, toListed } from '../../../schemas/channels.ts'
import { defineMethod } from '../../method.ts'

export const list = defineMethod({
  name: 'channels.list',
  aliases: ['channel.list'],
  scope: 'admin',
  summary: 'List the channels that are enabled',
  params: Type.Object({}),
  result: ChannelList,
  handler: (_params, { services }) => ({ channels: services.channels.list().map(toListed) })
})
