import { hash, timingSafeEqual } from 'node:crypto'
import type { Principal } from './principal.ts'

export interface OwnKey {
  /** Who comes with it. It holds no scope: where it counts it is looked at by itself. */
  readonly principal: Principal
  /** The principal, of the secret itself. It takes as long for a wrong one. */
  verify(secret: string): Principal | undefined
}

/**
 * A secret that is no token: it opens one place and nothing else.
 * @param name of that place, for the log
 */
export function ownKey(name: string, secret: string): OwnKey {
  const digest = digestOf(secret)
  // No token has such an id: it is counted apart.
  const principal = Object.freeze({ clientId: `gateway:${name}`, scopes: [] })
  return {
    principal,
    verify: (candidate) => (timingSafeEqual(digestOf(candidate), digest) ? principal : undefined)
  }
}

const digestOf = (secret: string) => hash('sha256', secret, 'buffer')
