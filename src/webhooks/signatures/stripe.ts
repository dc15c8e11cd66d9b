import { textOf } from '../payload.ts'
import { checkTime, hmacOf, isWritten } from './compare.ts'
import type { OpenScheme } from './scheme.ts'

const HEADER = 'stripe-signature'
/** A time, and a signature for each secret while they are changed. */
const MOST_PARTS = 20

/** Stripe's; its time is signed with the body. @see https://docs.stripe.com/webhooks/signature */
export const stripe: OpenScheme = ({ secret, toleranceSeconds }) => ({
  signatureHeaders: [HEADER],
  verify(request) {
    const written = request.header(HEADER)
    if (!written) return 'missing_signature'
    const parts = written.split(',', MOST_PARTS).map((part) => part.trim().split('=', 2))
    const time = parts.find(([name]) => name === 't')?.[1]
    if (!time) return 'missing_timestamp'
    const expected = hmacOf('sha256', secret, `${time}.`, request.body)
    const fits = parts.some(([name, signature = '']) => name === 'v1' && isWritten(signature, expected, 'hex'))
    return fits ? checkTime(time, request, toleranceSeconds) : 'invalid_signature'
  },
  deliveryId: (_request, payload) => textOf(payload, 'id')
})
