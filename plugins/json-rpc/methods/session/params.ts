import Type from 'typebox'
import { ownerOf, type Principal } from '../../../../src/access/principal.ts'
import type { SessionRef } from '../../../../src/storage/port.ts'

/** Which session. */
export const ref = {
  sessionKey: Type.String({ minLength: 1 }),
  clientId: Type.Optional(
    Type.String({ description: 'Whose session; only for the scope `admin`. Default: one’s own.' })
  )
}

/** Whose sessions. */
export const scope = {
  clientId: Type.Optional(
    Type.String({
      description: 'Only those of this client. Default: those of all for the scope `admin`, else one’s own.'
    })
  ),
  agentId: Type.Optional(Type.String({ description: 'Only those of this agent.' }))
}

/** The session that a call names. @throws GatewayError `forbidden` for another client's, but to admins */
export const refOf = (
  { sessionKey, clientId }: { sessionKey: string; clientId?: string },
  by: Principal
): SessionRef => ({ clientId: ownerOf(by, clientId), key: sessionKey })
