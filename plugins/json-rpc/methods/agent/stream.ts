import type { TurnEvent } from '../../../../src/turns/event.ts'
import type { Turn } from '../../../../src/turns/turn.ts'
import { readAnswer } from '../../../chat/answer.ts'
import { toTurn } from '../../../chat/request.ts'
import { ChatAnswer, ChatBody } from '../../../chat/schema.ts'
import { defineMethod, type RpcCall } from '../../method.ts'
import { startTurn } from './ask.ts'

export const stream = defineMethod({
  name: 'agent.stream',
  scope: 'rpc',
  summary: 'Ask an agent and watch its answer come',
  description: `Before the result, notifications that hold the call's \`id\` and the \`turnId\`: \`agent.started\` {provider,
model}, \`agent.delta\` {delta}, \`agent.reasoning\` {delta}, \`agent.tool_call\` {callId, name, delta, runBy},
\`agent.tool_result\` {callId, name, output}. Over HTTP there is nobody to send them to: only the result comes.`,
  params: ChatBody,
  result: ChatAnswer,
  handler: async (params, call) => {
    const turn = startTurn(await toTurn(params, call.by, call.services), call)
    return readAnswer(turn, teller(turn, call))
  }
})

/** Tells the caller of what happens in a turn; of one that has no id there is nothing to tie it to. */
function teller(turn: Turn, { id, socket }: RpcCall): ((event: TurnEvent) => Promise<void> | undefined) | undefined {
  if (!socket || id === undefined) return undefined
  return (event) => {
    const { type, ...told } = event
    const method = NOTIFICATIONS[type]
    return method === undefined ? undefined : socket.notify(method, { id, turnId: turn.id, ...told })
  }
}

const NOTIFICATIONS: Partial<Record<TurnEvent['type'], string>> = {
  started: 'agent.started',
  text: 'agent.delta',
  reasoning: 'agent.reasoning',
  tool_call: 'agent.tool_call',
  tool_result: 'agent.tool_result'
}
