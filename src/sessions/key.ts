import { randomBytes } from 'node:crypto'

/** A key for a session that its client did not name. */
export const newSessionKey = (): string => `s_${randomBytes(12).toString('base64url')}`
