import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../../errors.ts'
import { notUnderstood, tooSilent, unreachable } from '../failures.ts'
import { watchSilence } from '../silence.ts'
import { postJson } from './post.ts'
import { readText } from './read-text.ts'
import { refusal } from './refusal.ts'

export interface Question {
  providerId: string
  url: URL
  headers: Record<string, string>
  /** Anything that JSON can hold. */
  body: object
  /** Longest silence, in milliseconds. */
  timeoutMs: number
}

/** Far above what a batch of vectors comes to. */
const MAX_ANSWER = 134_217_728

/**
 * Posts JSON and reads the whole answer, which is JSON too. Aborting the signal closes the connection.
 * @throws GatewayError of a code that starts with `provider_`, `model_not_found` or `invalid_request`
 */
export async function askJson(
  { providerId, url, headers, body, timeoutMs }: Question,
  signal: AbortSignal
): Promise<unknown> {
  using silence = watchSilence(timeoutMs, signal, () => tooSilent(providerId, timeoutMs))
  let response: IncomingMessage | undefined
  try {
    response = await postJson({
      url,
      headers: { accept: 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: silence.signal
    })
    if (response.statusCode !== 200) throw await refusal(response, providerId)
    let text = ''
    for await (const part of readText(response)) {
      silence.heard()
      text += part
      if (text.length > MAX_ANSWER) throw notUnderstood(providerId)
    }
    return parse(text, providerId)
  } catch (error) {
    silence.signal.throwIfAborted()
    throw error instanceof GatewayError ? error : unreachable(providerId, error)
  } finally {
    if (response && !response.complete) response.destroy()
  }
}

function parse(text: string, providerId: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw notUnderstood(providerId, error)
  }
}
