import { toTurn } from '../../../chat/request.ts'
import type { ChatBody } from '../../../chat/schema.ts'
import type { Turn } from '../../../../src/turns/turn.ts'
import type { RpcCall } from '../../method.ts'

/**
 * Starts a turn for a call: the client's leaving aborts it, and so does `rpc.cancel`, after which it comes to its end.
 * @throws GatewayError when it cannot be started
 */
export function startTurn(chat: ChatBody, { by, services, leaving, cancelled }: RpcCall): Turn {
  const turn = services.turns.start({ ...toTurn(chat, by, services.agents), by }, leaving)
  cancelled.addEventListener('abort', () => turn.abort('cancelled'), { once: true })
  return turn
}
