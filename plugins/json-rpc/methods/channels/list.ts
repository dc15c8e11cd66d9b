import Type from 'typebox'
import { ChannelList } from '../../../schemas/channels.ts'
import { defineMethod } from '../../method.ts'

export const list = defineMethod({
  name: 'channels.list',
  aliases: ['channel.list'],
  scope: 'admin',
  summary: 'List the channels, those that are not enabled among them',
  params: Type.Object({}),
  result: ChannelList,
  handler: (_params, { services }) => ({ channels: services.channels.list() })
})
