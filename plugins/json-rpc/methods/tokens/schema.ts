import Type from 'typebox'
import { ID_PATTERN, Scope, tokenLimits } from '../../../../src/config/schema.ts'

const LAST_TIME = 8_640_000_000_000_000

export const time = (description: string) =>
  Type.Integer({ minimum: 0, maximum: LAST_TIME, description: `${description} Milliseconds since the epoch.` })

/** A client by the name that its tokens have. */
export const id = Type.String({ description: 'The client id.' })

/** The same, for one that is to be. */
export const newId = Type.String({
  pattern: ID_PATTERN,
  description: 'The client id: it names the client in logs and owns its sessions.'
})

export const scopes = Type.Array(Scope, { minItems: 1, description: 'What the token may do.' })

export const fingerprint = Type.String({ description: 'Tells the secrets of a client apart. It is not secret.' })

/** What a client may use, and how much of it. */
export const limits = tokenLimits

/** A token that was just made. */
export const made = {
  id,
  secret: Type.String({ description: 'Shown this once.' }),
  scopes,
  ...limits,
  expiresAt: Type.Optional(time('When it ends; left out: never.')),
  fingerprint
}
