import { ClientError, toHttpError } from './errors.ts'
import { OPERATIONS, type Operations } from './generated.ts'

export type OperationName = keyof Operations & keyof typeof OPERATIONS
type Part<O, K extends string> = K extends keyof O ? O[K] : undefined

/** What a REST operation takes: the parts that it has. */
export type RestInput<N extends OperationName> = Omit<Operations[N], 'result'>
export type RestResult<N extends OperationName> = Part<Operations[N], 'result'>

export interface CallOptions {
  /** Gives the request up; it rejects with the signal's reason. */
  signal?: AbortSignal
  /** How long an answer may take, in milliseconds. */
  timeoutMs?: number
}

export interface HttpOptions {
  /** Where the gateway is, with the prefix of its host: `http://127.0.0.1:4766`, `https://example.org/ai`. */
  url: string | URL
  /** The secret of the token. */
  token: string
}

export interface Send {
  method: string
  body?: string | Blob | ReadableStream<Uint8Array>
  type?: string
  signal?: AbortSignal
}

/** A base that paths are added to, whether or not it was given with a slash at its end. */
export const baseOf = (url: string | URL): string => String(url).replace(/\/*$/, '')

/**
 * Sends one request with the token.
 * @throws ClientError for an answer that is none of success, and where the gateway cannot be reached
 */
export async function send({ url, token }: HttpOptions, path: string, init: Send): Promise<Response> {
  const { method, body, type, signal } = init
  const headers = { authorization: `Bearer ${token}`, ...(type ? { 'content-type': type } : {}) }
  try {
    // `duplex` is what fetch asks for where a stream is sent.
    const request = {
      method,
      body,
      headers,
      signal,
      ...(body instanceof ReadableStream ? { duplex: 'half' as const } : {})
    }
    const response = await fetch(baseOf(url) + path, request)
    if (response.ok) return response
    throw await toHttpError(response)
  } catch (error) {
    throw toFailure(error, signal)
  }
}

/** An abort stays what it is; whatever else fetch throws means that the gateway was not reached, or is gone. */
export function toFailure(error: unknown, signal: AbortSignal | undefined): unknown {
  if (error instanceof ClientError) return error
  if (signal?.aborted) return signal.reason
  return new ClientError('The gateway cannot be reached', { reason: 'connection', cause: error })
}

/** A signal that fires for either of the two, and says that it took too long where it did. */
export async function inTime<T>(
  options: CallOptions,
  usualMs: number,
  work: (signal: AbortSignal) => Promise<T>
): Promise<T> {
  const { signal, timeoutMs = usualMs } = options
  signal?.throwIfAborted()
  const ending = new AbortController()
  const late = new ClientError('The gateway took too long to answer', { reason: 'timeout' })
  const timer = setTimeout(() => ending.abort(late), timeoutMs)
  const giveUp = () => ending.abort(signal?.reason)
  signal?.addEventListener('abort', giveUp)
  try {
    return await work(ending.signal)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', giveUp)
  }
}

/** The method and address of a REST operation with what it is given, and its body. */
export function toRequest<N extends OperationName>(name: N, input: RestInput<N>): { path: string; send: Send } {
  const [method, template] = OPERATIONS[name]
  const parts = input as {
    path?: Record<string, string>
    query?: Record<string, string | number | boolean>
    body?: unknown
  }
  const path = template.replace(/\{(\w+)\}/g, (_whole, key: string) => encodeURIComponent(parts.path?.[key] ?? ''))
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(parts.query ?? {})) if (value !== undefined) query.set(key, String(value))
  // A route that takes a body may have all of it optional.
  const body = parts.body ?? (method === 'POST' ? {} : undefined)
  return {
    path: query.size > 0 ? `${path}?${query.toString()}` : path,
    send: body === undefined ? { method } : { method, body: JSON.stringify(body), type: 'application/json' }
  }
}
