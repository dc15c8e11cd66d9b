import { AISDKError, APICallError, LoadAPIKeyError, UnsupportedFunctionalityError } from '@ai-sdk/provider'
import { GatewayError } from '../../errors.ts'
import { notUnderstood, unreachable, upstreamError } from '../failures.ts'

/** What an AI SDK provider threw, as an error of ours that is safe to show. */
export function providerError(error: unknown, providerId: string): GatewayError {
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
    return new GatewayError('invalid_request', `The model does not take this: ${error.functionality}`, { cause: error })
  }
  if (LoadAPIKeyError.isInstance(error)) {
    return new GatewayError('provider_refused', `The provider "${providerId}" has no API key`, { cause: error })
  }
  if (AISDKError.isInstance(error) && !APICallError.isInstance(error)) {
    return notUnderstood(providerId, error)
  }
  return unreachable(providerId, error)
}
