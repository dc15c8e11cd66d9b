import { hash } from 'node:crypto'
import { limitsAmong } from '../config/budgets.ts'
import { ConfigError } from '../config/error.ts'
import type { Config, Scope, Secret } from '../config/schema.ts'
import { readSecret } from '../config/secret.ts'
import type { StoredToken, TokenStore } from '../storage/port.ts'
import { certificateClients, type CertificateNames } from './certificates.ts'
import { Keyring, type KeyOptions } from './keyring.ts'
import { LimitBook } from './limits.ts'
import type { Principal } from './principal.ts'

export interface OpenedKeyring {
  keys: Keyring
  limits: LimitBook
  /** There never was any. */
  empty: boolean
  /** Whose certificate it is, whether or not that was revoked. */
  ofCertificate(names: CertificateNames): Principal | undefined
}

/**
 * The keys of the configuration, but for those that were ended at run time, and those that were made at run time.
 * @throws ConfigError for a secret file that cannot be read or holds fewer than 32 characters
 */
export async function openKeyring(config: Config, store: TokenStore): Promise<OpenedKeyring> {
  const { tokens: ofTokens, tls } = config.gateway
  const ofConfig = [...ofTokens, ...(tls?.clients ?? [])].flatMap(({ id, ...client }) => {
    const limits = limitsAmong(client)
    return limits ? [{ clientId: id, limits }] : []
  })
  const limits = new LimitBook(ofConfig, await store.limits())
  const clients = certificateClients(config).map((client) => ({
    ...client,
    principal: principalOf(client.id, client.scopes, limits)
  }))
  const tokens = ofTokens.map((token, index) => readToken(token, index, limits))
  const configured = [...tokens, ...clients.map(toCertificateKey)]
  const made = await store.list()
  const ends = await store.ends(configured.map(({ digest }) => digest))
  const keys = new Keyring()
  for (const key of configured) {
    const end = ends.find(({ digest }) => digest === key.digest)
    keys.add({ ...key, endsAt: Math.min(key.endsAt, end?.endsAt ?? Infinity) })
  }
  for (const token of made) keys.add(toKey(token, limits))
  return {
    keys,
    limits,
    empty: configured.length === 0 && made.length === 0,
    ofCertificate: (names) => clients.find((client) => client.matches(names))?.principal
  }
}

/** A token that was made at run time, as a key. */
export const toKey = (
  { clientId, scopes, digest, createdAt, expiresAt = Infinity }: StoredToken,
  limits: LimitBook
): KeyOptions => ({
  principal: principalOf(clientId, scopes, limits),
  digest,
  source: 'runtime',
  createdAt,
  endsAt: expiresAt
})

const toCertificateKey = ({ principal, digest }: Pick<KeyOptions, 'principal' | 'digest'>): KeyOptions => ({
  principal,
  digest,
  source: 'certificate',
  createdAt: undefined,
  endsAt: Infinity
})

export const digestOf = (secret: string) => hash('sha256', secret, 'hex')

function readToken(token: Config['gateway']['tokens'][number], index: number, limits: LimitBook): KeyOptions {
  const { id, scopes, expiresAt, secretHash, secret = '' } = token
  return {
    principal: principalOf(id, scopes, limits),
    digest: secretHash ?? digestOf(longSecret(secret, `gateway.tokens.${index}.secret`)),
    source: 'config',
    createdAt: undefined,
    endsAt: expiresAt === undefined ? Infinity : Date.parse(expiresAt)
  }
}

/** Its limits are those of the moment, for whoever holds it. */
const principalOf = (clientId: string, scopes: readonly Scope[], limits: LimitBook): Principal =>
  Object.freeze({
    clientId,
    scopes: Object.freeze([...scopes]),
    get limits() {
      return limits.of(clientId)
    }
  })

/** @throws ConfigError for one that cannot be read or holds fewer than 32 characters */
export function longSecret(secret: Secret, path: string): string {
  const text = readSecret(secret, path)
  if (text.length < 32) throw new ConfigError([{ path, message: 'expected at least 32 characters' }])
  return text
}
