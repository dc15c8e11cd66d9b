import type { IncomingMessage } from 'node:http'
import type { GatewayError } from '../../errors.ts'
import { upstreamError } from '../failures.ts'
import { readText } from './read-text.ts'

const MAX_ERROR_BODY = 65_536

/** Reads an answer that is no success, as an error of ours. What is left of it is not read. */
export async function refusal(response: IncomingMessage, providerId: string): Promise<GatewayError> {
  let body = ''
  for await (const text of readText(response)) {
    body += text
    if (body.length > MAX_ERROR_BODY) break
  }
  const { statusCode: status = 0, headers } = response
  return upstreamError({ providerId, status, retryAfter: headers['retry-after'], body })
}
