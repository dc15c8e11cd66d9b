import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { RefusalReason, SchemeSettings, SignedRequest } from './scheme.ts'

type Encoding = SchemeSettings['encoding']

/** The HMAC over pieces of text and bytes, in their order. */
export function hmacOf(algorithm: string, secret: string | Buffer, ...pieces: (string | Buffer)[]): Buffer {
  const hmac = createHmac(algorithm, secret)
  for (const piece of pieces) hmac.update(piece)
  return hmac.digest()
}

/** Whether a signature as it is written is these bytes. Only the one way to write them counts. */
export function isWritten(written: string, expected: Buffer, encoding: Encoding): boolean {
  const given = decode(written, encoding, expected.length)
  return given !== undefined && timingSafeEqual(given, expected)
}

/** Whether two texts are the same, of whatever length: their digests are compared. */
export function isSame(one: string, other: string): boolean {
  const [first, second] = [one, other].map((text) => createHash('sha256').update(text).digest()) as [Buffer, Buffer]
  return timingSafeEqual(first, second)
}

function decode(written: string, encoding: Encoding, length: number): Buffer | undefined {
  if (encoding === 'hex')
    return /^[0-9a-f]+$/i.test(written) && written.length === 2 * length ? Buffer.from(written, 'hex') : undefined
  const bytes = Buffer.from(written, encoding)
  const plain = (text: string) => text.replace(/=+$/, '')
  return bytes.length === length && plain(bytes.toString(encoding)) === plain(written) ? bytes : undefined
}

/** @param written Unix seconds */
export function checkTime(
  written: string,
  { now }: SignedRequest,
  toleranceSeconds: number
): RefusalReason | undefined {
  if (!/^\d{1,12}$/.test(written)) return 'invalid_timestamp'
  return Math.abs(now - Number(written)) > toleranceSeconds ? 'stale_timestamp' : undefined
}
