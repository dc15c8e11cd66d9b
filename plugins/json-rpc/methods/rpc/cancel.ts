import Type from 'typebox'
import { defineMethod } from '../../method.ts'
import { onSocket } from '../on-socket.ts'

export const cancel = defineMethod({
  name: 'rpc.cancel',
  summary: 'Cancel a call of the same WebSocket that still runs',
  description: 'The call is answered all the same: a turn with what there is and `finishReason` `aborted`.',
  always: true,
  params: Type.Object({
    id: Type.Unsafe<string | number>({ type: ['string', 'number'], description: 'Of the call.' })
  }),
  result: Type.Object({ cancelled: Type.Boolean({ description: 'False: no call of this id runs.' }) }),
  handler: ({ id }, { socket }) => ({ cancelled: onSocket(socket).cancel(id) })
})
