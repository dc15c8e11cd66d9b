import Type, { type Static } from 'typebox'
import { tokenLimits } from './limits.ts'
import { closed, fileOnly, ID_PATTERN } from './marks.ts'
import { Scope } from './scope.ts'

const path = (description: string) => Type.Optional(Type.String({ minLength: 1, description }))

const Client = Type.Object(
  {
    subject: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'the subject of its certificate, as in "CN=robot,O=Example": all of it, in any order'
      })
    ),
    san: Type.Optional(
      Type.String({
        pattern: '^(DNS|URI|email|IP Address):.+',
        description: 'one of the subject alternative names of its certificate, as in "URI:spiffe://example/robot"'
      })
    ),
    id: Type.String({ pattern: ID_PATTERN, description: 'the client id, as that of a token' }),
    scopes: Type.Array(Scope, { minItems: 1, description: 'what the client may do' }),
    ...tokenLimits
  },
  { ...closed, description: 'a client that its certificate alone authenticates: either `subject` or `san`' }
)
export type TlsClient = Static<typeof Client>

/** TLS of the gateway's own server (RFC 8446), and which clients come by certificates. */
export const Tls = Type.Object(
  {
    certPath: path('PEM file: the certificate, then those that lead to its root'),
    keyPath: path('PEM file: its private key, of mode 0600 (or of root and readable by a group)'),
    caPath: path('PEM file: the authorities whose clients are known; without it no client is asked for a certificate'),
    requireClientCert: Type.Optional(
      Type.Boolean({
        description: 'refuse a client without a certificate of these authorities; default: with `caPath`'
      })
    ),
    clients: Type.Array(Client, { default: [], description: 'clients that their certificates authenticate' })
  },
  { ...closed, ...fileOnly, description: 'HTTPS in place of HTTP; in a host application only `clients` counts' }
)
export type TlsConfig = Static<typeof Tls>
