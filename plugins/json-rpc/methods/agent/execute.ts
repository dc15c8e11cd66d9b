import { readAnswer } from '../../../chat/answer.ts'
import { toTurn } from '../../../chat/request.ts'
import { ChatAnswer, ChatBody } from '../../../chat/schema.ts'
import { defineMethod } from '../../method.ts'
import { startTurn } from './ask.ts'

export const execute = defineMethod({
  name: 'agent.execute',
  scope: 'rpc',
  summary: 'Ask an agent and wait for its whole answer',
  params: ChatBody,
  result: ChatAnswer,
  handler: async (params, call) => readAnswer(startTurn(await toTurn(params, call.by, call.services), call))
})
