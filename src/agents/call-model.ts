import { GatewayError } from '../errors.ts'
import type { ModelRef } from '../models/catalog.ts'
import type { ModelEvent, ModelFinish, ModelRequest } from '../models/port.ts'
import type { Emit, RunEvent } from '../turns/turn.ts'

export interface ModelCall {
  model: ModelRef
  request: Omit<ModelRequest, 'model'>
  /** Who runs a tool of that name. */
  runBy(tool: string): 'agent' | 'client'
  signal: AbortSignal
  emit: Emit
}

/**
 * One call of a model, told as events of a turn.
 * @returns why the model stopped
 */
export async function callModel({ model, request, runBy, signal, emit }: ModelCall): Promise<ModelFinish> {
  const { provider, providerId } = model
  let opened = false
  for await (const event of provider.stream({ ...request, model: model.model }, signal)) {
    if (!opened) {
      opened = true
      await emit({ type: 'started', provider: providerId, model: model.model })
    }
    if (event.type === 'finish') {
      await emit({ type: 'usage', usage: event.usage })
      return event.reason
    }
    const room = emit(toRunEvent(event, runBy))
    if (room) await room
    signal.throwIfAborted()
  }
  throw new GatewayError('provider_failed', `The provider "${providerId}" ended its answer before it was complete`)
}

function toRunEvent(event: Exclude<ModelEvent, { type: 'finish' }>, runBy: ModelCall['runBy']): RunEvent {
  return event.type === 'tool_call' ? { ...event, runBy: runBy(event.name) } : event
}
