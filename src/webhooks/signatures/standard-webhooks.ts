import { checkTime, hmacOf, isWritten } from './compare.ts'
import type { OpenScheme, SignedRequest } from './scheme.ts'

const SECRET_PREFIX = 'whsec_'
const VERSION = 'v1,'
/** While keys are changed there are two. */
const MOST_SIGNATURES = 20
const FAMILIES = ['webhook', 'svix']

/**
 * Standard Webhooks; Svix sends the same under names of its own. Its id and its time are signed with the body.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const standardWebhooks: OpenScheme = ({ secret, toleranceSeconds }) => {
  const key = readKey(secret)
  return {
    signatureHeaders: FAMILIES.map((family) => `${family}-signature`),
    verify(request) {
      const [id, time, signatures] = ['id', 'timestamp', 'signature'].map((part) => read(request, part))
      if (!signatures) return 'missing_signature'
      if (!id) return 'invalid_signature'
      if (!time) return 'missing_timestamp'
      const expected = hmacOf('sha256', key, `${id}.${time}.`, request.body)
      const fits = signatures
        .split(' ', MOST_SIGNATURES)
        .some((one) => one.startsWith(VERSION) && isWritten(one.slice(VERSION.length), expected, 'base64'))
      return fits ? checkTime(time, request, toleranceSeconds) : 'invalid_signature'
    },
    deliveryId: (request) => read(request, 'id')
  }
}

function read({ header }: SignedRequest, part: string): string | undefined {
  const family = FAMILIES.find((name) => header(`${name}-signature`) !== undefined)
  return family && header(`${family}-${part}`)
}

function readKey(secret: string): Buffer {
  const written = secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret
  const key = Buffer.from(written, 'base64')
  if (key.length > 0 && key.toString('base64').replace(/=+$/, '') === written.replace(/=+$/, '')) return key
  throw new TypeError('expected a secret in base64, with or without `whsec_` before it')
}
