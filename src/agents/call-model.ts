import type { ModelRef } from '../models/catalog.ts'
import { endedEarly } from '../models/failures.ts'
import type { ProviderHealth } from '../models/health.ts'
import type { ModelFinish, ModelRequest } from '../models/port.ts'
import type { Emit } from '../turns/turn.ts'

export interface ModelCall {
  model: ModelRef
  request: Omit<ModelRequest, 'model'>
  /** Who runs a tool of that name. */
  runBy(tool: string): 'agent' | 'client'
  signal: AbortSignal
  emit: Emit
  health: ProviderHealth
}

/**
 * One call of a model, told as events of a turn.
 * @returns why the model stopped
 */
export async function callModel(call: ModelCall): Promise<ModelFinish> {
  const { health, model, signal } = call
  try {
    const reason = await stream(call)
    health.worked(model.providerId, 'chat')
    return reason
  } catch (error) {
    if (!signal.aborted) health.failed(model.providerId, 'chat', error)
    throw error
  }
}

async function stream({ model, request, runBy, signal, emit }: ModelCall): Promise<ModelFinish> {
  const { provider, providerId } = model
  let opened = false
  for await (const events of provider.stream({ ...request, model: model.model }, signal)) {
    if (!opened && events.length > 0) {
      opened = true
      await emit({ type: 'started', provider: providerId, model: model.model })
    }
    for (const event of events) {
      if (event.type === 'finish') {
        await emit({ type: 'usage', usage: event.usage })
        return event.reason
      }
      const room = emit(event.type === 'tool_call' ? { ...event, runBy: runBy(event.name) } : event)
      if (room) await room
    }
    signal.throwIfAborted()
  }
  throw endedEarly(providerId)
}
