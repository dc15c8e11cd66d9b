import Type from 'typebox'
import { readAnswer } from '../../../chat/answer.ts'
import { ChatAnswer, ChatBody } from '../../../chat/schema.ts'
import { defineMethod } from '../../method.ts'
import { startTurn } from '../agent/ask.ts'
import { ref, refOf } from './params.ts'

export const send = defineMethod({
  name: 'session.send',
  scope: 'rpc',
  summary: 'Go on with a session that is there, and wait for the whole answer',
  description: 'By the agent that answered in it last. The turn is the caller’s, the session its owner’s.',
  params: Type.Object({ sessionKey: ref.sessionKey, message: ChatBody.properties.message, clientId: ref.clientId }),
  result: ChatAnswer,
  handler: async ({ message, ...params }, call) => {
    const request = await call.services.sessions.ask(refOf(params, call.by), message)
    return readAnswer(startTurn(request, call))
  }
})
