import { GatewayError } from '../../../src/errors.ts'
import type { RpcSocket } from '../method.ts'

/** The socket of a call that makes no sense without one. @throws GatewayError `invalid_request` over HTTP */
export function onSocket(socket: RpcSocket | undefined): RpcSocket {
  if (socket) return socket
  throw new GatewayError('invalid_request', 'This method needs a WebSocket: connect to /ws')
}
