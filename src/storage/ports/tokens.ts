import type { Scope } from '../../config/schema.ts'
import type { NewEvent } from './events.ts'

export interface StoredToken {
  clientId: string
  /** SHA-256 of the secret, lower-case hex. */
  digest: string
  scopes: Scope[]
  /** Milliseconds since the epoch. */
  createdAt: number
  expiresAt: number | undefined
}

/** When the secret of a digest ends, wherever its token stands. */
export interface TokenEnd {
  /** SHA-256 of the secret, lower-case hex. */
  digest: string
  /** Milliseconds since the epoch; 0: it has ended, whatever the clock says. */
  endsAt: number
}

export interface TokenStore {
  /** Those that were added, with `expiresAt` where they end by it or were ended. */
  list(): Promise<StoredToken[]>
  /** Adds a token, and drops those that had expired when it was made. @throws Error if its digest is there already */
  add(token: StoredToken, events: NewEvent[]): Promise<void>
  /** Ends secrets and adds a token in their place. @throws Error if its digest is there already */
  replace(ends: TokenEnd[], token: StoredToken, events: NewEvent[]): Promise<void>
  /** Ends secrets, those of the configuration too. An end that was set already is never put off. */
  end(ends: TokenEnd[], events: NewEvent[]): Promise<void>
  /** The ends that were set for some of these digests. They stay, also when the token is gone. */
  ends(digests: string[]): Promise<TokenEnd[]>
}
