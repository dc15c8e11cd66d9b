import {
  AISDKError,
  APICallError,
  InvalidArgumentError,
  LoadAPIKeyError,
  UnsupportedFunctionalityError
} from '@ai-sdk/provider'
import { GatewayError } from '../../errors.ts'
import { notUnderstood, unreachable, upstreamError } from '../failures.ts'
import type { Message } from '../message.ts'
import { fileMeant, filesIn, partRefused } from '../refused-part.ts'

/**
 * What an AI SDK provider threw, as an error of ours that is safe to show.
 * @param messages that were sent: where one of their files is at fault, the error names it
 */
export function providerError(error: unknown, providerId: string, messages: Message[]): GatewayError {
  if (error instanceof GatewayError) return error
  if (APICallError.isInstance(error) && error.statusCode !== undefined && error.statusCode >= 400) {
    const { statusCode, responseHeaders, responseBody } = error
    return upstreamError({
      providerId,
      status: statusCode,
      retryAfter: responseHeaders?.['retry-after'],
      body: responseBody,
      cause: error
    })
  }
  if (UnsupportedFunctionalityError.isInstance(error)) {
    const { functionality } = error
    const file = fileMeant(filesIn(messages), functionality)
    if (file) return partRefused(file, functionality, error)
    return new GatewayError('invalid_request', `The model does not take this: ${functionality}`, { cause: error })
  }
  if (InvalidArgumentError.isInstance(error)) {
    const message = `The provider "${providerId}" does not take a parameter of this request as it is`
    return new GatewayError('invalid_request', message, { cause: error })
  }
  if (LoadAPIKeyError.isInstance(error)) {
    return new GatewayError('provider_refused', `The provider "${providerId}" has no API key`, { cause: error })
  }
  if (AISDKError.isInstance(error) && !APICallError.isInstance(error)) {
    return notUnderstood(providerId, error)
  }
  return unreachable(providerId, error)
}
