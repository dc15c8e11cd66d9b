import { textOf } from '../payload.ts'
import { checkTime, hmacOf, isWritten } from './compare.ts'
import type { OpenScheme } from './scheme.ts'

const HEADER = 'x-slack-signature'
const TIME_HEADER = 'x-slack-request-timestamp'
const VERSION = 'v0'

/** Slack's; its time is signed with the body. @see https://docs.slack.dev/authentication/verifying-requests-from-slack */
export const slack: OpenScheme = ({ secret, toleranceSeconds }) => ({
  signatureHeaders: [HEADER],
  verify(request) {
    const written = request.header(HEADER)
    if (!written) return 'missing_signature'
    const time = request.header(TIME_HEADER)
    if (!time) return 'missing_timestamp'
    const expected = hmacOf('sha256', secret, `${VERSION}:${time}:`, request.body)
    const fits = written.startsWith(`${VERSION}=`) && isWritten(written.slice(VERSION.length + 1), expected, 'hex')
    return fits ? checkTime(time, request, toleranceSeconds) : 'invalid_signature'
  },
  deliveryId: (_request, payload) => textOf(payload, 'event_id'),
  challenge: (payload) => (textOf(payload, 'type') === 'url_verification' ? textOf(payload, 'challenge') : undefined)
})
