import Type from 'typebox'
import { Channel } from '../../../schemas/channels.ts'
import { defineMethod } from '../../method.ts'
import { type } from './params.ts'

export const get = defineMethod({
  name: 'channels.get',
  scope: 'admin',
  summary: 'Read a channel',
  params: Type.Object({ type }),
  result: Channel,
  handler: ({ type: name }, { services }) => services.channels.get(name)
})
