export type { BackOffOptions } from './back-off.ts'
export type { ChatEvent, ChatRequest, FinishReason } from './chat.ts'
export {
  type BatchCall,
  type ClientOptions,
  GatewayClient,
  type MethodName,
  type Params,
  type Result,
  type Upload
} from './client.ts'
export { ClientError, type Issue, type Reason } from './errors.ts'
export type { EventsOptions, EventType, Gap, GatewayEvent } from './events.ts'
export { EVENT_TYPES, type Events, type Methods, type Operations } from './generated.ts'
export type { CallOptions, OperationName, RestInput, RestResult } from './http.ts'
export type { Notification, SocketStatus } from './socket.ts'
