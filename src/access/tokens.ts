import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Config, Secret } from '../config/schema.ts'
import { ConfigError } from '../config/error.ts'
import { readSecret } from '../config/secret.ts'
import type { StoredToken, TokenStore } from '../storage/port.ts'
import type { Principal } from './principal.ts'

interface Token extends Principal {
  readonly digest: Buffer
  readonly expiresAt: number | undefined
}

/** The bearer tokens: those of the configuration and those that were made here. Only digests are held. */
export interface Tokens {
  /** The token's principal, or nothing for one that is unknown or expired. */
  verify(secret: string): Principal | undefined
  /** True while no token exists at all. */
  readonly empty: boolean
  /** Makes a token that may do everything, keeps its digest, and returns the secret: the only time it is seen. */
  createFirst(): Promise<string>
}

/** @throws ConfigError for a secret file that cannot be read or holds fewer than 32 characters */
export async function openTokens(config: Config, store: TokenStore): Promise<Tokens> {
  /** Secrets that were verified lately: a digest takes longer than all the rest of it. */
  const verified = new Map<string, Token>()
  /** By digest, as text of its bytes: a third of the cost of hexadecimal. */
  const tokens = new Map<string, Token>()
  function hold({
    clientId,
    scopes,
    digest: hex,
    expiresAt
  }: Principal & Pick<StoredToken, 'digest' | 'expiresAt'>): void {
    const digest = Buffer.from(hex, 'hex')
    tokens.set(
      digest.toString('latin1'),
      Object.freeze({ clientId, scopes: Object.freeze([...scopes]), digest, expiresAt })
    )
  }
  for (const [index, { id, scopes, expiresAt, ...token }] of config.gateway.tokens.entries()) {
    const digest = token.secretHash ?? sha256(longSecret(token.secret ?? '', `gateway.tokens.${index}.secret`))
    hold({ clientId: id, scopes, digest, expiresAt: expiresAt ? Date.parse(expiresAt) : undefined })
  }
  for (const token of await store.list()) hold(token)

  return {
    verify(secret) {
      const seen = verified.get(secret)
      if (seen) return isExpired(seen) ? undefined : seen
      const digest = hash('sha256', secret, 'buffer')
      const token = tokens.get(digest.toString('latin1'))
      // The map already compared digests; this keeps the cost of a known and an unknown one alike.
      const same = timingSafeEqual(digest, token?.digest ?? NOBODY)
      if (!token || !same || isExpired(token)) return undefined
      if (verified.size >= MOST_VERIFIED) verified.clear()
      verified.set(secret, token)
      return token
    },
    get empty() {
      return tokens.size === 0
    },
    async createFirst() {
      const secret = `cgw_${randomBytes(32).toString('base64url')}`
      const token = { clientId: 'owner', scopes: ['*'] as const, digest: sha256(secret), expiresAt: undefined }
      await store.add({ ...token, scopes: [...token.scopes], createdAt: Date.now() })
      hold(token)
      return secret
    }
  }
}

const MOST_VERIFIED = 1000
const isExpired = ({ expiresAt }: Token) => expiresAt !== undefined && expiresAt <= Date.now()
const NOBODY = Buffer.alloc(32)
const sha256 = (text: string) => hash('sha256', text, 'hex')

function longSecret(secret: Secret, path: string): string {
  const text = readSecret(secret, path)
  if (text.length < 32) throw new ConfigError([{ path, message: 'expected at least 32 characters' }])
  return text
}
