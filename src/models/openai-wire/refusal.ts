import type { GatewayError } from '../../errors.ts'
import type { Response } from '../http/response.ts'
import { upstreamError } from '../failures.ts'
import type { Message } from '../message.ts'
import { blamePart } from './blame-part.ts'

const MAX_ERROR_BODY = 65_536

/**
 * Reads an answer that is no success, as an error of ours. What is left of it is not read.
 * @param messages that were sent: where one of their files is at fault, the error names it
 */
export async function refusal(response: Response, providerId: string, messages: Message[] = []): Promise<GatewayError> {
  let body = ''
  for (let text = await response.read(); text !== undefined; text = await response.read()) {
    body += text
    if (body.length > MAX_ERROR_BODY) break
  }
  const { status, headers } = response
  const error = upstreamError({ providerId, status, retryAfter: headers['retry-after'], body })
  return blamePart(error, { status, body, messages }) ?? error
}
