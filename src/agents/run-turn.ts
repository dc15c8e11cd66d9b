import type { RunTurn } from '../turns/turn.ts'
import { callModel } from './call-model.ts'
import { type AgentPorts, runAgent } from './run-agent.ts'

/** The work of a turn: an agent's, or a model's alone. */
export function createRunTurn(ports: AgentPorts): RunTurn {
  return (request, signal, emit) => {
    if ('agent' in request.target) return runAgent({ agent: request.target.agent, request, signal, emit }, ports)
    const { input: messages, tools, settings } = request
    return callModel({
      model: request.target.model,
      request: { messages, tools, settings },
      runBy: () => 'client',
      signal,
      emit,
      health: ports.health
    })
  }
}
