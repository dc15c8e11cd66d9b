import type { IncomingMessage } from 'node:http'
import type { GatewayError } from '../../errors.ts'
import { upstreamError } from '../failures.ts'
import type { Message } from '../message.ts'
import { readText } from './read-text.ts'
import { blamePart } from './blame-part.ts'

const MAX_ERROR_BODY = 65_536

/**
 * Reads an answer that is no success, as an error of ours. What is left of it is not read.
 * @param messages that were sent: where one of their files is at fault, the error names it
 */
export async function refusal(
  response: IncomingMessage,
  providerId: string,
  messages: Message[] = []
): Promise<GatewayError> {
  let body = ''
  for await (const text of readText(response)) {
    body += text
    if (body.length > MAX_ERROR_BODY) break
  }
  const { statusCode: status = 0, headers } = response
  const error = upstreamError({ providerId, status, retryAfter: headers['retry-after'], body })
  return blamePart(error, { status, body, messages }) ?? error
}
