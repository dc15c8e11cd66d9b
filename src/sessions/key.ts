import { randomBytes } from 'node:crypto'
import { GatewayError } from '../errors.ts'
import type { SessionRef } from '../storage/port.ts'

/** A key for a session that its client did not name. */
export const newSessionKey = (): string => `s_${randomBytes(12).toString('base64url')}`

/**
 * Checks a key that a client names. Half of a character would be kept as another one, and no path could hold a dot alone.
 * @throws GatewayError `invalid_request`
 */
export function checkSessionKey(key: string): string {
  if (key.isWellFormed() && key !== '.' && key !== '..') return key
  throw new GatewayError('invalid_request', 'Invalid field: sessionKey: not a usable key', { param: 'sessionKey' })
}

/** What the lease on a session is held by: nothing else happens in it meanwhile. */
export const leaseKey = ({ clientId, key }: SessionRef): string => JSON.stringify([clientId, key])
