import { randomBytes } from 'node:crypto'
import type { Config } from '../config/schema.ts'
import { wrongWithScopes } from '../config/scopes.ts'
import { GatewayError } from '../errors.ts'
import { inTurns } from '../in-turn.ts'
import type { Events } from '../events/events.ts'
import type { NewEvent, StoredToken, TokenEnd, TokenStore } from '../storage/port.ts'
import type { Key, Keyring } from './keyring.ts'
import { digestOf, type OpenedKeyring, openKeyring, toKey } from './open-keyring.ts'
import { allows, type Principal } from './principal.ts'
import {
  describeKey,
  expiryOf,
  fingerprintOf,
  type MadeToken,
  type NewToken,
  type Revocation,
  type RotatedToken,
  type Rotation,
  type TokenInfo
} from './token.ts'

/**
 * The bearer tokens: those of the configuration and those that were made at run time. What is done to them at run time
 * outlives a restart and beats the configuration. Only digests are held, here and in the store.
 */
export interface Tokens extends Pick<Keyring, 'verify' | 'use' | 'isValid' | 'follow' | 'stop'> {
  /** Whose certificate it is, whether or not that was revoked: `use` tells. */
  ofCertificate: OpenedKeyring['ofCertificate']
  /** True while no token was ever made or configured. */
  readonly empty: boolean
  /** Makes a token that may do everything, and returns its secret: the only time it is seen. */
  createFirst(): Promise<string>
  /** Every secret that is valid, by client and age. */
  list(): TokenInfo[]
  /** @throws GatewayError `invalid_request` for a client that has a token, scopes that cannot be, a time in the past */
  create(token: NewToken, by: Principal): Promise<MadeToken>
  /**
   * Gives a client a new secret, with the scopes of its newest one; those it had end after a time of grace.
   * @throws GatewayError `not_found`; `invalid_request` for a time in the past
   */
  rotate(rotation: Rotation, by: Principal): Promise<RotatedToken>
  /**
   * Ends all secrets of a client, its certificates too, and what goes on under them.
   * @returns how many there were
   * @throws GatewayError `not_found`; `invalid_request` when no admin would be left
   */
  revoke(revocation: Revocation, by: Principal): Promise<number>
}

const GRACE_SECONDS = 300
/** It has ended, whatever the clock says. */
const NOW = 0

/** @throws ConfigError for a secret file that cannot be read or holds fewer than 32 characters */
export async function openTokens(config: Config, store: TokenStore, events: Events): Promise<Tokens> {
  const opened = await openKeyring(config, store)
  const { keys } = opened
  let { empty } = opened
  /** Each change decides by what the one before left. */
  const inTurn = inTurns()

  async function make(
    { id, scopes, expiresAt }: NewToken,
    save: (token: StoredToken) => Promise<void>
  ): Promise<MadeToken> {
    const secret = `cgw_${randomBytes(32).toString('base64url')}`
    const token = { clientId: id, scopes, digest: digestOf(secret), createdAt: Date.now(), expiresAt }
    await save(token)
    empty = false
    keys.add(toKey(token))
    return { id, secret, scopes, expiresAt, fingerprint: fingerprintOf(token.digest) }
  }

  function tell(done: 'create' | 'rotate' | 'revoke', id: string, { clientId }: Principal): NewEvent[] {
    return [
      events.prepare('audit:event', { action: `token.${done}`, outcome: 'done', subject: id, clientId }),
      events.prepare('secret:modified', { name: `token:${id}`, clientId })
    ]
  }

  const keysOf = (id: string) => keys.list().filter(({ principal }) => principal.clientId === id)

  async function create({ id, scopes, expiresAt }: NewToken, by: Principal): Promise<MadeToken> {
    const wrong = wrongWithScopes(scopes)
    if (wrong) throw invalid('scopes', `Invalid scopes: ${wrong}`)
    refusePast(expiresAt)
    if (keysOf(id).length > 0) throw invalid('id', `"${id}" has a token already: rotate it`)
    return make({ id, scopes, expiresAt }, (token) => store.add(token, tell('create', id, by)))
  }

  async function rotate(rotation: Rotation, by: Principal): Promise<RotatedToken> {
    const { id, graceSeconds = GRACE_SECONDS, expiresAt } = rotation
    refusePast(expiresAt)
    // A certificate is renewed by whoever issues it.
    const previous = keysOf(id).filter(({ source }) => source !== 'certificate')
    const newest = newestOf(previous)
    if (!newest) throw unknownToken()
    const previousEndsAt = Date.now() + graceSeconds * 1000
    const endsAt = graceSeconds === 0 ? NOW : previousEndsAt
    const token = { id, scopes: [...newest.principal.scopes], expiresAt: expiresAt ?? expiryOf(newest.endsAt) }
    const made = await make(token, (stored) => store.replace(toEnds(previous, endsAt), stored, tell('rotate', id, by)))
    keys.end(previous, endsAt)
    return { ...made, previousEndsAt }
  }

  async function revoke({ id, force = false }: Revocation, by: Principal): Promise<number> {
    const all = keys.list()
    const revoked = all.filter(({ principal }) => principal.clientId === id)
    if (revoked.length === 0) throw unknownToken()
    const left = all.filter((key) => !revoked.includes(key))
    if (!force && revoked.some(isAdmin) && !left.some(isAdmin)) {
      throw invalid('force', 'No admin could come in any more: say `force` if that is meant')
    }
    await store.end(toEnds(revoked, NOW), tell('revoke', id, by))
    keys.end(revoked, NOW)
    return revoked.length
  }

  return {
    verify: (secret) => keys.verify(secret),
    use: (principal) => keys.use(principal),
    ofCertificate: opened.ofCertificate,
    isValid: (principal) => keys.isValid(principal),
    follow: (principal, onEnd) => keys.follow(principal, onEnd),
    stop: () => keys.stop(),
    get empty() {
      return empty
    },
    createFirst: async () => (await make(FIRST, (token) => store.add(token, []))).secret,
    list: () => keys.list().map(describeKey).toSorted(byClientAndAge),
    create: (token, by) => inTurn(() => create(token, by)),
    rotate: (rotation, by) => inTurn(() => rotate(rotation, by)),
    revoke: (revocation, by) => inTurn(() => revoke(revocation, by))
  }
}

const FIRST: NewToken = { id: 'owner', scopes: ['*'] }

const isAdmin = ({ principal }: Key) => allows(principal, 'admin')
const ageOf = ({ createdAt = 0 }: { createdAt?: number }) => createdAt
const toEnds = (keys: Key[], endsAt: number): TokenEnd[] =>
  keys.map(({ digest }) => ({ digest: digest.toString('hex'), endsAt }))

/** One that was made at run time is newer than what the configuration has. */
function newestOf(keys: Key[]): Key | undefined {
  return keys.toSorted((a, b) => ageOf(b) - ageOf(a))[0]
}

function byClientAndAge(a: TokenInfo, b: TokenInfo): number {
  if (a.id !== b.id) return a.id < b.id ? -1 : 1
  return ageOf(a) - ageOf(b)
}

function refusePast(expiresAt: number | undefined): void {
  if (expiresAt !== undefined && expiresAt <= Date.now()) throw invalid('expiresAt', '`expiresAt` is in the past')
}

const invalid = (param: string, message: string) => new GatewayError('invalid_request', message, { param })
const unknownToken = () => new GatewayError('not_found', 'There is no such token', { param: 'id' })
