import { invalidRequest, type RpcError } from './errors.ts'

/** What a caller knows its call by. */
export type RpcId = string | number | null

/** A call as it came, checked for its form alone. */
export interface RpcRequest {
  /** Undefined: a notification. */
  id: RpcId | undefined
  method: string
  params: object
}

/** What is no call, and the id to say so under. */
export interface Malformed {
  id: RpcId
  error: RpcError
}

/** Reads a call (JSON-RPC 2.0, section 4). `params: null` is taken as none: some clients send it. */
export function readRequest(message: unknown): RpcRequest | Malformed {
  if (typeof message !== 'object' || message === null) return { id: null, error: invalidRequest() }
  const { jsonrpc, id, method, params } = message as Record<string, unknown>
  if (typeof id === 'number' && !survives(id)) return { id: null, error: invalidRequest(UNSAFE_ID) }
  if (!isId(id) && id !== undefined) return { id: null, error: invalidRequest() }
  if (jsonrpc !== '2.0' || typeof method !== 'string' || !isStructured(params)) {
    return { id: id ?? null, error: invalidRequest() }
  }
  return { id, method, params: params ?? {} }
}

const UNSAFE_ID = 'Invalid Request: an id beyond 2^53 cannot be sent back as it came: send it as a string'

const isId = (id: unknown): id is RpcId => id === null || typeof id === 'string' || typeof id === 'number'

/** Whether the id that goes back is the one that came: a client never finds another one again. */
const survives = (id: number) => Math.abs(id) <= Number.MAX_SAFE_INTEGER

const isStructured = (params: unknown): params is object | null | undefined =>
  params === undefined || typeof params === 'object'

/** A call's answer; `result` is JSON text. */
export const encodeResult = (id: RpcId, result: string): string =>
  `{"jsonrpc":"2.0","result":${result},"id":${JSON.stringify(id)}}`

/** @throws TypeError for data that JSON cannot hold */
export function encodeError(id: RpcId, { code, message, data }: RpcError): string {
  return JSON.stringify({ jsonrpc: '2.0', error: { code, message, data }, id })
}

export const encodeNotification = (method: string, params: object): string =>
  JSON.stringify({ jsonrpc: '2.0', method, params })
