import type { Static, TObject, TProperties, TSchema } from 'typebox'
import type { Principal } from '../../src/access/principal.ts'
import type { Services } from '../../src/services.ts'
import type { RpcId } from './message.ts'

/** What a handler is told beside its params. */
export interface RpcCall {
  /** Undefined for a notification: nobody waits for its result. */
  readonly id: RpcId | undefined
  /** Who calls. */
  readonly by: Principal
  /** What the gateway is made of. */
  readonly services: Services
  /** Fires when the client goes away. */
  readonly leaving: AbortSignal
  /** Fires when the call is cancelled by `rpc.cancel`. */
  readonly cancelled: AbortSignal
  /** Fires in both cases. Hand it to everything that can take long. */
  readonly signal: AbortSignal
  /** The WebSocket the call came by; undefined for one over HTTP. */
  readonly socket: RpcSocket | undefined
}

/** A WebSocket, as the methods see it that need one. */
export interface RpcSocket {
  /**
   * Sends a notification.
   * @returns a promise while the client does not keep up: await it before the next one
   */
  notify(method: string, params: object): Promise<void> | undefined
  /** Cancels a running call. @returns whether there is one of this id */
  cancel(id: RpcId): boolean
  /** The subscriptions of this socket to the gateway's events. */
  readonly subscriptions: Subscriptions
}

/** What a socket is subscribed to. */
export interface Subscriptions {
  /** @throws GatewayError for a type that does not exist, or one subscription too many */
  add(options: SubscribeOptions): string
  /** @returns whether there was one of this id */
  remove(id: string): boolean
}

export interface SubscribeOptions {
  types?: string[]
  agentId?: string
  sessionKey?: string
  /** The id of the last event that was seen. */
  since?: number
}

/** A method: all there is to know of it. What it does, it has domain functions do. */
export interface RpcMethod<P extends TObject = TObject, R extends TSchema = TSchema> {
  /** `namespace.method`. */
  name: string
  /** Other names that clients use. */
  aliases?: readonly string[]
  /** The scope a caller needs; left out: any that may call at all. */
  scope?: 'rpc' | 'admin'
  /** It is answered also while too many calls run. Default false. */
  always?: boolean
  /** False: the defaults of its params are only told, and not filled in. */
  fills?: boolean
  /** In a few words, for `rpc.discover`. */
  summary: string
  /** What the summary leaves out. */
  description?: string
  /** By name; by position they are taken in the order of the schema's properties. */
  params: P
  /** Only what it names leaves. */
  result: R
  /**
   * @throws RpcError with any code, and GatewayError, which are told to the caller; whatever else is thrown is logged
   * and told as an internal error
   */
  handler(params: Static<P>, call: RpcCall): Static<R> | Promise<Static<R>>
}

/**
 * Declares a method; gives its handler the types of its schemas. They end here: whoever keeps methods keeps them of any
 * params, and the registry checks those before the handler sees them.
 */
export const defineMethod = <P extends TProperties, R extends TSchema>(method: RpcMethod<TObject<P>, R>): RpcMethod =>
  method
