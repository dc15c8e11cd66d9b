import type { Scope, TokenLimits } from '../../config/schema.ts'
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

/** What a client may use, whichever of its tokens it comes by. It stands above what the configuration says of it. */
export interface ClientLimits {
  clientId: string
  limits: TokenLimits
}

export interface TokenStore {
  /** Those that were added, with `expiresAt` where they end by it or were ended. */
  list(): Promise<StoredToken[]>
  /**
   * Adds a token, and drops those that had expired when it was made.
   * @param limits of its client from now on; undefined: those of the configuration
   * @throws Error if its digest is there already
   */
  add(token: StoredToken, limits: TokenLimits | undefined, events: NewEvent[]): Promise<void>
  /** Ends secrets and adds a token in their place. Otherwise as `add`. */
  replace(ends: TokenEnd[], token: StoredToken, limits: TokenLimits | undefined, events: NewEvent[]): Promise<void>
  /**
   * Ends secrets, those of the configuration too. An end that was set already is never put off.
   * @param clientId whose limits are forgotten
   */
  end(ends: TokenEnd[], clientId: string, events: NewEvent[]): Promise<void>
  /** Sets what some clients may use, in place of what was set before and of what the configuration says. */
  limit(clients: ClientLimits[], events: NewEvent[]): Promise<void>
  /** What was set so. */
  limits(): Promise<ClientLimits[]>
  /** The ends that were set for some of these digests. They stay, also when the token is gone. */
  ends(digests: string[]): Promise<TokenEnd[]>
}
