import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { ConfigError } from '../config/error.ts'
import { expandHome } from '../config/paths.ts'
import type { TlsConfig } from '../config/schema.ts'
import { PrivateFileError, readPrivateFile } from '../private-file.ts'

/** What a server is made with; all of it but whether it asks for certificates can be changed while it runs. */
export interface TlsMaterial extends SecureContextOptions {
  cert: string
  key: string
  ca: string | undefined
  minVersion: 'TLSv1.2'
}

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

/**
 * Reads the files of `gateway.tls` and makes sure that they can be served with now.
 * @throws ConfigError of one line: which file, and what is wrong with it; never what is in it
 */
export function loadTls({ certPath, keyPath, caPath }: TlsConfig): TlsMaterial {
  const cert = readPublic(required(certPath, 'certPath'), 'certPath')
  const chain = readCertificates(cert, 'certPath')
  const key = readKey(required(keyPath, 'keyPath'))
  checkChain(chain)
  if (!chain[0]?.checkPrivateKey(createKey(key))) throw wrong('keyPath', 'is not the key of the certificate')
  const ca = caPath === undefined ? undefined : readAuthorities(caPath)
  const material: TlsMaterial = { cert, key, ca, minVersion: 'TLSv1.2' }
  try {
    createSecureContext(material)
  } catch (error) {
    throw wrong('certPath', `cannot be served with (${(error as NodeJS.ErrnoException).code ?? 'of no use to TLS'})`)
  }
  return material
}

/** The files that a configuration names, as absolute paths. */
export const tlsFiles = ({ certPath, keyPath, caPath }: TlsConfig): string[] =>
  [certPath, keyPath, caPath].flatMap((path) => (path === undefined ? [] : [expandHome(path)]))

function required(path: string | undefined, name: string): string {
  if (path === undefined) throw wrong(name, 'missing: TLS needs a certificate and its key')
  return path
}

function readPublic(path: string, name: string): string {
  try {
    return readFileSync(expandHome(path), 'utf8')
  } catch (error) {
    throw wrong(name, `the file ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

function readKey(path: string): string {
  try {
    return readPrivateFile(expandHome(path))
  } catch (error) {
    if (error instanceof PrivateFileError) throw wrong('keyPath', error.message)
    throw error
  }
}

/** What OpenSSL says of a key that it cannot read may quote it. */
function createKey(pem: string): KeyObject {
  if (pem.includes('ENCRYPTED')) throw wrong('keyPath', 'is encrypted: it has to be there without a passphrase')
  try {
    return createPrivateKey(pem)
  } catch {
    throw wrong('keyPath', 'holds no private key (PEM)')
  }
}

function readAuthorities(path: string): string {
  const pem = readPublic(path, 'caPath')
  for (const authority of readCertificates(pem, 'caPath')) {
    if (!authority.ca) throw wrong('caPath', `${nameOf(authority)} is no certificate of an authority`)
  }
  return pem
}

function readCertificates(pem: string, name: string): X509Certificate[] {
  const blocks = pem.match(BLOCK) ?? []
  if (blocks.length === 0) throw wrong(name, 'holds no certificate (PEM)')
  const certificates = blocks.map((block) => readCertificate(block, name))
  for (const certificate of certificates) checkDates(certificate, name)
  return certificates
}

function readCertificate(block: string, name: string): X509Certificate {
  try {
    return new X509Certificate(block)
  } catch {
    throw wrong(name, 'holds a certificate that cannot be read')
  }
}

function checkDates(certificate: X509Certificate, name: string): void {
  const { validFromDate, validToDate } = certificate
  const now = Date.now()
  if (validToDate.getTime() <= now) {
    throw wrong(name, `${nameOf(certificate)} has expired (${validToDate.toISOString()})`)
  }
  if (validFromDate.getTime() > now) {
    throw wrong(name, `${nameOf(certificate)} is not valid yet (from ${validFromDate.toISOString()})`)
  }
}

/** Clients find no way to a root that they know when one of the chain was not signed by the next. */
function checkChain(chain: X509Certificate[]): void {
  for (const [index, certificate] of chain.slice(0, -1).entries()) {
    const issuer = chain[index + 1]
    if (!issuer || (certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey))) continue
    throw wrong('certPath', `${nameOf(certificate)} was not signed by ${nameOf(issuer)}, which comes after it`)
  }
}

const nameOf = ({ subject }: X509Certificate) => `"${(subject ?? '').replaceAll('\n', ', ')}"`

const wrong = (name: string, message: string) => new ConfigError([{ path: `gateway.tls.${name}`, message }])
