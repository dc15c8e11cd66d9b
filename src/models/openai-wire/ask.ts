import { GatewayError } from '../../errors.ts'
import { notUnderstood, tooSilent, unreachable } from '../failures.ts'
import type { Response } from '../http/response.ts'
import type { JsonClient } from '../http/client.ts'
import { watchSilence } from '../silence.ts'
import { refusal } from './refusal.ts'

export interface Question {
  providerId: string
  client: JsonClient
  /** Below the server's base address. */
  path: string
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
  { providerId, client, path, body, timeoutMs }: Question,
  signal: AbortSignal
): Promise<unknown> {
  using silence = watchSilence(timeoutMs, signal, () => tooSilent(providerId, timeoutMs))
  let response: Response | undefined
  try {
    response = await client.post(path, { body: JSON.stringify(body), signal: silence.signal })
    if (response.status !== 200) throw await refusal(response, providerId)
    let text = ''
    for (let part = await response.read(); part !== undefined; part = await response.read()) {
      silence.heard()
      text += part
      if (text.length > MAX_ANSWER) throw notUnderstood(providerId)
    }
    return parse(text, providerId)
  } catch (error) {
    silence.signal.throwIfAborted()
    throw error instanceof GatewayError ? error : unreachable(providerId, error)
  } finally {
    response?.leave()
  }
}

function parse(text: string, providerId: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw notUnderstood(providerId, error)
  }
}
