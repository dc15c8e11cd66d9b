import { clientOf, type TurnRequest } from './turn.ts'

/** Where a turn happens, as its events tell it. */
export const placeOf = (request: TurnRequest) => ({
  turnId: request.id,
  clientId: clientOf(request),
  ...('agent' in request.target && { agentId: request.target.agent.id }),
  ...(request.session && { sessionKey: request.session.key })
})
