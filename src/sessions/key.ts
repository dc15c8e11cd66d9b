import { randomBytes } from 'node:crypto'
import type { SessionRef } from '../storage/port.ts'

/** A key for a session that its client did not name. */
export const newSessionKey = (): string => `s_${randomBytes(12).toString('base64url')}`

/** What the lease on a session is held by: nothing else happens in it meanwhile. */
export const leaseKey = ({ clientId, key }: SessionRef): string => JSON.stringify([clientId, key])
