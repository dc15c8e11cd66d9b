import type { Json } from '../../json.ts'

/** Why a delivery is refused before it is read. */
export type RefusalReason =
  | 'missing_signature'
  | 'invalid_signature'
  | 'two_signatures'
  | 'missing_timestamp'
  | 'invalid_timestamp'
  | 'stale_timestamp'

/** A delivery as it came: bytes, and headers by lower-case name, each as often as it was sent. */
export interface SignedRequest {
  body: Buffer
  /** Undefined for one that is blank too: no sender means anything by it, and as an id it would be that of all. */
  header(name: string): string | undefined
  /** How often a header was sent. */
  count(name: string): number
  /** Seconds since the epoch. */
  now: number
}

/** What a scheme is set up with. */
export interface SchemeSettings {
  secret: string
  algorithm: 'sha256' | 'sha384' | 'sha512'
  header: string
  prefix: string
  encoding: 'hex' | 'base64' | 'base64url'
  timestampHeader: string
  requireTimestamp: boolean
  toleranceSeconds: number
}

/** A way to prove who sent a delivery, with a secret in it. */
export interface Verifier {
  /** The headers that may hold the signature. No template sees them, and no delivery has two of them. */
  readonly signatureHeaders: readonly string[]
  /** Looks at the bytes alone, in constant time. @returns why it is refused; undefined: it is not */
  verify(request: SignedRequest): RefusalReason | undefined
  /** What the sender calls the delivery; undefined: it has no name. Asked only of what was verified. */
  deliveryId(request: SignedRequest, payload: Json): string | undefined
  /** A question of the sender’s whether someone is there, which is answered and is no delivery. */
  challenge?(payload: Json): string | undefined
}

/** @throws TypeError for a secret that the scheme cannot use; the message says why */
export type OpenScheme = (settings: SchemeSettings) => Verifier
