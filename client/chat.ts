import { ClientError } from './errors.ts'
import { type HttpOptions, send, toFailure } from './http.ts'
import { readServerEvents } from './sse.ts'

export interface ChatRequest {
  message: string
  /** Who answers; left out: the default agent. */
  agentId?: string
  /** Files that were uploaded, which go with the message. */
  attachments?: { id: string; name?: string }[]
  /** The model that answers this message in place of the agent's own: `provider/model`. */
  model?: string
  /** The conversation to go on with; left out: a new one, whose key `done` tells. */
  sessionKey?: string
}

export type FinishReason =
  | 'stop'
  | 'max_steps'
  | 'budget_exceeded'
  | 'length'
  | 'tool_calls'
  | 'content_filter'
  | 'aborted'
  | 'error'

/** A piece of an answer. The deltas of the `tool_call`s of one `callId`, joined, are its arguments as JSON. */
export type ChatEvent =
  | { type: 'started'; turnId: string }
  | { type: 'text'; delta: string }
  | { type: 'reasoning'; delta: string }
  | { type: 'tool_call'; callId: string; name: string; delta: string; runBy: 'agent' | 'client' }
  | { type: 'tool_result'; callId: string; name: string; output: unknown }
  | {
      type: 'done'
      response: string
      tokensUsed: { input: number; output: number; total: number }
      finishReason: FinishReason
      sessionKey: string
    }

/**
 * Asks an agent and reads its answer as it comes. Whoever stops reading stops the turn.
 * @throws ClientError where the turn fails, or the connection is lost before its end
 */
export async function* readChat(
  options: HttpOptions,
  request: ChatRequest,
  signal: AbortSignal | undefined
): AsyncGenerator<ChatEvent> {
  const leaving = new AbortController()
  const leave = () => leaving.abort(signal?.reason)
  if (signal?.aborted) leave()
  signal?.addEventListener('abort', leave)
  try {
    const response = await send(options, '/api/chat/stream?accumulate=false', {
      method: 'POST',
      body: JSON.stringify(request),
      type: 'application/json',
      signal: leaving.signal
    })
    yield { type: 'started', turnId: response.headers.get('x-turn-id') ?? '' }
    yield* readAnswer(response)
  } catch (error) {
    throw toFailure(error, signal)
  } finally {
    signal?.removeEventListener('abort', leave)
    leaving.abort()
  }
}

async function* readAnswer({ body }: Response): AsyncGenerator<ChatEvent> {
  if (body) {
    for await (const { type, data } of readServerEvents(body)) {
      const told = JSON.parse(data) as object
      if (type === 'error') throw toTurnError(told as { error: string })
      yield { type: type === 'token' ? 'text' : type, ...told } as ChatEvent
      if (type === 'done') return
    }
  }
  throw new ClientError('The connection was lost before the answer ended', { reason: 'connection' })
}

const toTurnError = ({ error }: { error: string }) => new ClientError(error, { reason: 'provider' })
