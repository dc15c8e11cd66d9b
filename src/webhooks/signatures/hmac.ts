import { checkTime, hmacOf, isWritten } from './compare.ts'
import type { OpenScheme, RefusalReason, SchemeSettings, SignedRequest } from './scheme.ts'

const ID_HEADER = 'x-webhook-id'

/** An HMAC of the raw body in a header. Its time stands beside it and is not signed. */
export const hmac: OpenScheme = (settings) => {
  const header = settings.header.toLowerCase()
  return {
    signatureHeaders: [header],
    verify(request) {
      const written = request.header(header)
      if (!written) return 'missing_signature'
      const expected = hmacOf(settings.algorithm, settings.secret, request.body)
      if (!isWritten(withoutPrefix(written.trim(), settings), expected, settings.encoding)) return 'invalid_signature'
      return checkOwnTime(request, settings)
    },
    deliveryId: (request) => request.header(ID_HEADER)
  }
}

function withoutPrefix(written: string, { prefix, algorithm }: SchemeSettings): string {
  const found = [prefix, `${algorithm}=`].find((known) => known && written.startsWith(known))
  return written.slice(found?.length ?? 0)
}

function checkOwnTime(request: SignedRequest, settings: SchemeSettings): RefusalReason | undefined {
  const written = request.header(settings.timestampHeader.toLowerCase())
  if (written) return checkTime(written, request, settings.toleranceSeconds)
  return settings.requireTimestamp ? 'missing_timestamp' : undefined
}
