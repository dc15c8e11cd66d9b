import { GatewayError } from '../errors.ts'
import type { ModelRef } from '../models/catalog.ts'
import type { ModelEvent, ModelFinish, ModelRequest } from '../models/port.ts'
import type { RunEvent } from '../turns/turn.ts'

type StepEvent = Exclude<RunEvent, { type: 'end' }>

/** The events of one call; its result is why the model stopped. */
export type ModelCall = AsyncGenerator<StepEvent, ModelFinish>

/**
 * One call of a model, as events of a turn.
 * @param runBy who runs a tool of that name
 * @returns why the model stopped
 */
export async function* callModel(
  { provider, providerId, model }: ModelRef,
  request: Omit<ModelRequest, 'model'>,
  runBy: (tool: string) => 'agent' | 'client',
  signal: AbortSignal
): ModelCall {
  let opened = false
  for await (const event of provider.stream({ ...request, model }, signal)) {
    if (!opened) {
      opened = true
      yield { type: 'started', provider: providerId, model }
    }
    if (event.type === 'finish') {
      yield { type: 'usage', usage: event.usage }
      return event.reason
    }
    yield toStep(event, runBy)
  }
  throw new GatewayError('provider_failed', `The provider "${providerId}" ended its answer before it was complete`)
}

function toStep(
  event: Exclude<ModelEvent, { type: 'finish' }>,
  runBy: (tool: string) => 'agent' | 'client'
): StepEvent {
  return event.type === 'tool_call' ? { ...event, runBy: runBy(event.name) } : event
}
