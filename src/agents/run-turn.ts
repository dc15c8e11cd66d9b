import type { ModelRef } from '../models/catalog.ts'
import type { RunEvent, RunTurn, TurnRequest } from '../turns/turn.ts'
import { callModel } from './call-model.ts'
import { type AgentPorts, runAgent } from './run-agent.ts'

/** The work of a turn: an agent's, or a model's alone. */
export function createRunTurn(ports: AgentPorts): RunTurn {
  return (request, signal) =>
    'agent' in request.target
      ? runAgent(request.target.agent, request, ports, signal)
      : runModel(request.target.model, request, signal)
}

async function* runModel(model: ModelRef, request: TurnRequest, signal: AbortSignal): AsyncGenerator<RunEvent> {
  const { input: messages, tools, settings } = request
  const reason = yield* callModel(model, { messages, tools, settings }, () => 'client', signal)
  yield { type: 'end', reason }
}
