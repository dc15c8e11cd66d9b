import { partOf, textOf } from '../payload.ts'
import { isSame } from './compare.ts'
import type { OpenScheme } from './scheme.ts'

const HEADER = 'authorization'

/** The secret itself in `Authorization` (RFC 6750): it proves who sends, and not what. Pub/Sub names its messages in the body. */
export const bearer: OpenScheme = ({ secret }) => ({
  signatureHeaders: [HEADER],
  verify({ header }) {
    const given = /^Bearer +(\S+) *$/i.exec(header(HEADER) ?? '')?.[1]
    if (given === undefined) return 'missing_signature'
    return isSame(given, secret) ? undefined : 'invalid_signature'
  },
  deliveryId: ({ header }, payload) => header('x-webhook-id') ?? textOf(partOf(payload, 'message'), 'messageId')
})
