import type { Scope, TokenLimits } from '../config/schema.ts'
import type { Key } from './keyring.ts'
import type { LimitChanges } from './limits.ts'

export interface NewToken extends TokenLimits {
  /** The client id. */
  id: string
  scopes: Scope[]
  /** Milliseconds since the epoch; left out: it does not expire. */
  expiresAt?: number
}

/** A token that was just made: the only time its secret is seen. */
export interface MadeToken extends NewToken {
  secret: string
  /** Tells the secrets of a client apart; it is not secret. */
  fingerprint: string
}

export interface Rotation {
  id: string
  /** For how long the secrets that there were go on, in seconds. Default 300. */
  graceSeconds?: number
  /** Of the new secret, milliseconds since the epoch; left out: that of the newest one there was. */
  expiresAt?: number
}

export interface RotatedToken extends MadeToken {
  /** When the secrets that there were end, at the latest. Milliseconds since the epoch. */
  previousEndsAt: number
}

/** Other limits for a client. */
export interface LimitUpdate extends LimitChanges {
  id: string
}

export interface Revocation {
  id: string
  /** Also when no admin can come in any more. Default false. */
  force?: boolean
}

/** A secret that is valid, without what it is verified by. */
export interface TokenInfo extends NewToken {
  fingerprint: string
  source: Key['source']
  /** Milliseconds since the epoch; undefined for one of the configuration. */
  createdAt?: number
  /** Milliseconds since the epoch; undefined: not since the process started. */
  lastUsedAt?: number
}

const FINGERPRINT_LENGTH = 8

/** @param digest of the secret, in hex */
export const fingerprintOf = (digest: string) => digest.slice(0, FINGERPRINT_LENGTH)

export function describeKey({ principal, digest, source, createdAt, endsAt, lastUsedAt }: Key): TokenInfo {
  const { clientId: id, scopes, limits } = principal
  const fingerprint = fingerprintOf(digest.toString('hex'))
  return { id, scopes: [...scopes], ...limits, fingerprint, source, createdAt, expiresAt: expiryOf(endsAt), lastUsedAt }
}

/** A key's end, where it has one. */
export const expiryOf = (endsAt: number) => (endsAt === Infinity ? undefined : endsAt)
