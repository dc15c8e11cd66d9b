import type { Turn, TurnRequest } from '../../../../src/turns/turn.ts'
import type { RpcCall } from '../../method.ts'

/**
 * Starts a turn for a call: the client's leaving aborts it, and so does `rpc.cancel`, after which it comes to its end.
 * @throws GatewayError when it cannot be started
 */
export function startTurn(
  request: Omit<TurnRequest, 'id' | 'by'>,
  { by, services, leaving, cancelled }: RpcCall
): Turn {
  const turn = services.turns.start({ ...request, by }, leaving)
  const cancel = () => turn.abort('cancelled')
  cancelled.addEventListener('abort', cancel, { once: true })
  return turn
}
