import Type from 'typebox'
import { GatewayError } from '../../../../src/errors.ts'
import { Channel, toListed } from '../../../schemas/channels.ts'
import { defineMethod } from '../../method.ts'

export const get = defineMethod({
  name: 'channels.get',
  scope: 'admin',
  summary: 'Read a channel that is enabled',
  params: Type.Object({ type: Type.String() }),
  result: Channel,
  handler({ type }, { services }) {
    const channel = services.channels.list().find((one) => one.type === type)
    if (!channel) throw new GatewayError('not_found', 'There is no such channel', { param: 'type' })
    return toListed(channel)
  }
})
