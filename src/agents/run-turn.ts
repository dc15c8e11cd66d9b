import { placeOf } from '../turns/place.ts'
import type { RunTurn } from '../turns/turn.ts'
import { callModel, withAlternatives } from './call-model.ts'
import { fitting } from './fitting.ts'
import { type AgentPorts, runAgent } from './run-agent.ts'

/** The work of a turn: an agent's, or a model's alone. */
export function createRunTurn(ports: AgentPorts): RunTurn {
  return async (request, signal, emit) => {
    const { input: messages, target, tools, settings, passOn } = request
    if ('agent' in target) return runAgent({ agent: target.agent, request, signal, emit }, ports)
    const { reason } = await callModel(
      {
        models: withAlternatives(target.model),
        request: ({ config }) => ({
          messages: request.truncate ? fitting(messages, '', config?.contextWindow) : messages,
          tools,
          settings,
          passOn
        }),
        runBy: () => 'client',
        trial: target.trial ?? false,
        place: placeOf(request),
        signal,
        emit
      },
      ports.calls
    )
    return reason
  }
}
