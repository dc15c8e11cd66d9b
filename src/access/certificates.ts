import { hash, type X509Certificate } from 'node:crypto'
import type { Config, TlsClient } from '../config/schema.ts'

/** A client of `gateway.tls.clients`, as it is found by a certificate. */
export interface CertificateClient extends Pick<TlsClient, 'id' | 'scopes'> {
  /** Under which its end is kept when it is revoked, lower-case hex. */
  readonly digest: string
  matches(certificate: CertificateNames): boolean
}

export type CertificateNames = Pick<X509Certificate, 'subject' | 'subjectAltName'>

export const certificateClients = ({ gateway: { tls } }: Config): CertificateClient[] =>
  (tls?.clients ?? []).map(({ subject, san, id, scopes }) => ({
    id,
    scopes,
    digest: digestOf(`${id} ${subject === undefined ? `san ${san}` : `subject ${normal(subject)}`}`),
    matches:
      subject === undefined
        ? (certificate) => alternativeNames(certificate).includes(san ?? '')
        : (certificate) => subjectOf(certificate) === normal(subject)
  }))

/** Not that of tokens: whoever knew the name could say, as a token, what has the digest. */
const digestOf = (name: string) => hash('sha512-256', name, 'hex')

/** The names of a subject (RFC 4514), in an order of their own. */
const normal = (subject: string) => sorted(subject.split(/(?<!\\), */))
const subjectOf = ({ subject }: CertificateNames) => sorted((subject ?? '').split('\n'))
const sorted = (names: string[]) =>
  names
    .flatMap((name) => name.split(' + '))
    .toSorted()
    .join('\n')

/** Node writes a name that could be taken for several as a JSON string. */
const ALTERNATIVE = /(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?=, |$)/gy

function alternativeNames({ subjectAltName = '' }: CertificateNames): string[] {
  return [...subjectAltName.matchAll(ALTERNATIVE)].map(([, type, name = '']) =>
    name.startsWith('"') ? `${type}:${JSON.parse(name) as string}` : `${type}:${name}`
  )
}
