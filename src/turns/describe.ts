import type { Turn } from './turn.ts'

/** A running turn as it is listed. */
export interface TurnDescription {
  id: string
  clientId: string
  agentId?: string
  /** `provider/model`, for a turn of a model alone. */
  model?: string
  sessionKey?: string
  /** Milliseconds since the epoch. */
  startedAt: number
}

export function describeTurn({ id, startedAt, request: { by, target, session } }: Turn): TurnDescription {
  const who =
    'agent' in target ? { agentId: target.agent.id } : { model: `${target.model.providerId}/${target.model.model}` }
  return { id, clientId: by.clientId, ...who, sessionKey: session?.key, startedAt }
}
