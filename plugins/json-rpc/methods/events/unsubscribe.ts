import Type from 'typebox'
import { defineMethod } from '../../method.ts'
import { onSocket } from '../on-socket.ts'

export const unsubscribe = defineMethod({
  name: 'events.unsubscribe',
  scope: 'rpc',
  summary: 'End a subscription',
  params: Type.Object({ subscription: Type.String() }),
  result: Type.Object({ unsubscribed: Type.Boolean({ description: 'False: there is none of this name.' }) }),
  handler: ({ subscription }, { socket }) => ({ unsubscribed: onSocket(socket).subscriptions.remove(subscription) })
})
