import { hmacOf, isWritten } from './compare.ts'
import type { OpenScheme } from './scheme.ts'

const HEADER = 'x-hub-signature-256'
const PREFIX = 'sha256='

/** GitHub's. @see https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries */
export const github: OpenScheme = ({ secret }) => ({
  signatureHeaders: [HEADER],
  verify({ header, body }) {
    const written = header(HEADER)
    if (!written) return 'missing_signature'
    const fits =
      written.startsWith(PREFIX) && isWritten(written.slice(PREFIX.length), hmacOf('sha256', secret, body), 'hex')
    return fits ? undefined : 'invalid_signature'
  },
  deliveryId: ({ header }) => header('x-github-delivery')
})
