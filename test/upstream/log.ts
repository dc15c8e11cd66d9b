import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { isObject } from './wire.ts'

/** A request as the upstream saw it, and what became of it. */
export interface LoggedRequest {
  id: number
  method: string
  /** With its query. */
  path: string
  headers: IncomingHttpHeaders
  /** Parsed, or undefined where it was no JSON. */
  body?: unknown
  /** Milliseconds since the epoch, as `closedAt`. */
  startedAt: number
  closedAt?: number
  /** Who ended it: the upstream as it should, the client before that, or the upstream by a reset. */
  ended?: 'complete' | 'client_closed' | 'reset'
  /** Which request of its connection it is, from 1 on. */
  nth: number
  /** Pieces of content handed to the socket. */
  chunksSent: number
}

let lastId = 0
const served = new WeakMap<Socket, number>()
let logged: LoggedRequest[] = []

export const requests = (): LoggedRequest[] => logged

/** How often a model was asked since the log was cleared. */
export const timesAsked = (model: string): number =>
  logged.filter(({ body }) => isObject(body) && body.model === model).length

export function clear(): void {
  logged = []
}

/** Follows a request to its end. It shows in the log once `add` is called, when its body is known. */
export function follow(request: IncomingMessage, response: ServerResponse): LoggedRequest {
  const { method = '', url: path = '', headers, socket } = request
  const nth = (served.get(socket) ?? 0) + 1
  served.set(socket, nth)
  const entry: LoggedRequest = { id: ++lastId, method, path, headers, startedAt: Date.now(), nth, chunksSent: 0 }
  response.once('close', () => {
    entry.closedAt = Date.now()
    entry.ended ??= response.writableFinished ? 'complete' : 'client_closed'
  })
  return entry
}

export function add(entry: LoggedRequest): void {
  logged.push(entry)
}
