import { unescape } from 'node:querystring'
import type { Dispatcher } from 'undici'
import { type Connection, Connections } from './connections.ts'
import { Exchange, type Response } from './response.ts'

export interface Posted {
  /** JSON text. */
  body: string
  headers?: Record<string, string>
  signal: AbortSignal
}

/** Posts JSON to one server, over connections that are kept. */
export interface JsonClient {
  /**
   * Resolves when the head of the answer is there, which is to be read to its end or left. Aborting the signal closes
   * the connection at any time.
   * @param path below the server's base address, with a slash before it
   * @throws what the connection fails with; the reason of the signal
   */
  post(path: string, request: Posted): Promise<Response>
}

/**
 * Opens no connection before the first request.
 * @param baseURL without a slash at its end
 * @param headers of each request
 */
export function openJsonClient(baseURL: string, headers: Record<string, string>): JsonClient {
  const url = new URL(baseURL)
  const base = url.pathname === '/' ? '' : url.pathname
  const common = { 'content-type': 'application/json', ...credentialsOf(url), ...headers }
  let connections: Promise<Connections> | undefined

  return {
    async post(path, { body, headers: own, signal }) {
      const all = await (connections ??= Connections.to(url.origin))
      const headers = own ? { ...common, ...own } : common
      const request: Dispatcher.DispatchOptions = { method: 'POST', path: base + path, headers, body: toBytes(body) }
      signal.throwIfAborted()
      const connection = all.take()
      try {
        return await send(request, { connection, all, signal })
      } catch (error) {
        if (!connection.used || !isClosed(error)) throw error
      }
      signal.throwIfAborted()
      return send(request, { connection: all.open(), all, signal })
    }
  }
}

/**
 * The body of a request is held until its answer is over. As a `Buffer` it would be cut from a pool of 64 kB, which stays
 * with it: a few hundred bytes of each open stream come to several kilobytes then.
 */
const encoder = new TextEncoder()
const toBytes = (body: string): Uint8Array => encoder.encode(body)

interface Over {
  connection: Connection
  all: Connections
  signal: AbortSignal
}

function send(request: Dispatcher.DispatchOptions, { connection, all, signal }: Over): Promise<Response> {
  const exchange = new Exchange({
    signal,
    close: (reason) => connection.close(reason),
    onDone: () => all.giveBack(connection)
  })
  connection.client.dispatch(request, exchange)
  return exchange.response
}

/**
 * A connection that was kept may have been closed by the other side in the very moment it is used again; such a request
 * never arrived, so that it is sent once more: over a new one, since the others may have been closed with it.
 */
const CLOSED = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])
const isClosed = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && CLOSED.has(String(error.code))

/** Of an address that holds a user's name and password (RFC 7617). */
function credentialsOf({ username, password }: URL): Record<string, string> {
  if (username === '') return {}
  const pair = `${unescape(username)}:${unescape(password)}`
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}
