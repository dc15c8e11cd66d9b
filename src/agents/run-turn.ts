import { mayUseModel } from '../access/limits.ts'
import { placeOf } from '../turns/place.ts'
import type { RunTurn } from '../turns/turn.ts'
import { callModel, withAlternatives } from './call-model.ts'
import { fitFor } from './fitting.ts'
import { type AgentPorts, runAgent } from './run-agent.ts'

/** The work of a turn: an agent's, or a model's alone. */
export function createRunTurn(ports: AgentPorts): RunTurn {
  return async (request, signal, emit, meter) => {
    const { by, input: messages, target, tools, settings, passOn } = request
    if ('agent' in target) return runAgent({ agent: target.agent, request, signal, emit, meter }, ports)
    const fit = fitFor(placeOf(request), ports.calls.events)
    const { reason } = await callModel(
      {
        // What a client may not name it is not answered by either.
        models: withAlternatives(
          target.model,
          (model) => meter.covers(model) && mayUseModel(by, `${model.providerId}/${model.model}`)
        ),
        request: (model) => ({
          messages: request.truncate ? fit(messages, model) : messages,
          tools,
          settings,
          passOn
        }),
        runBy: () => 'client',
        trial: target.trial ?? false,
        place: placeOf(request),
        signal,
        emit,
        meter
      },
      ports.calls
    )
    return reason
  }
}
