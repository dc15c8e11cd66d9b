import Type from 'typebox'
import { ownerOf, type Principal } from '../../src/access/principal.ts'
import type { SessionRef } from '../../src/storage/port.ts'

/** Which session a route below `/api/sessions/:key` is about. */
export const KeyParams = Type.Object({ key: Type.String({ minLength: 1, description: 'The session key.' }) })
export const OwnerQuery = Type.Object({
  clientId: Type.Optional(
    Type.String({ description: 'Whose session; only for the scope `admin`. Default: one’s own.' })
  )
})

interface SessionRequest {
  params: { key: string }
  query: { clientId?: string }
  client: Principal
}

/** The session that a request names. @throws GatewayError `forbidden` for another client's, but to admins */
export const sessionOf = ({ params, query, client }: SessionRequest): SessionRef => ({
  clientId: ownerOf(client, query.clientId),
  key: params.key
})
