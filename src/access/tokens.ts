import { randomBytes } from 'node:crypto'
import { limitsAmong } from '../config/budgets.ts'
import type { Config, TokenLimits } from '../config/schema.ts'
import { wrongWithScopes } from '../config/scopes.ts'
import { GatewayError } from '../errors.ts'
import { inTurns } from '../in-turn.ts'
import type { Events } from '../events/events.ts'
import type { ClientLimits, NewEvent, StoredToken, TokenEnd, TokenStore } from '../storage/port.ts'
import { refuseBeyond, refuseScopes } from './grants.ts'
import type { Key, Keyring } from './keyring.ts'
import { changeLimits, checkLimits } from './limits.ts'
import { digestOf, type OpenedKeyring, openKeyring, toKey } from './open-keyring.ts'
import { allows, type Principal } from './principal.ts'
import {
  describeKey,
  expiryOf,
  fingerprintOf,
  type LimitUpdate,
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
  /**
   * @throws GatewayError `invalid_request` for a client that has a token, scopes that cannot be, a time in the past;
   *   `forbidden` and `not_allowed` for more than its maker holds
   */
  create(token: NewToken, by: Principal): Promise<MadeToken>
  /**
   * Gives a client a new secret, with the scopes of its newest one and the client's limits; those it had end after a time of grace.
   * @throws GatewayError `not_found`; `invalid_request` for a time in the past; `forbidden` and `not_allowed` for a token
   *   that can do more than whoever asks
   */
  rotate(rotation: Rotation, by: Principal): Promise<RotatedToken>
  /**
   * Changes what a client may use, at once and for all of its secrets, those of the configuration too. A budget that
   * names a group becomes the budget of all in that group.
   * @returns its limits from now on
   * @throws GatewayError `not_found`; `invalid_request` for a budget that cannot be; `not_allowed` for more than whoever asks has
   */
  update(update: LimitUpdate, by: Principal): Promise<TokenLimits>
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
  const { keys, limits: book } = opened
  let { empty } = opened
  /** Each change decides by what the one before left. */
  const inTurn = inTurns()

  async function make(
    { id, scopes, expiresAt }: NewToken,
    limits: TokenLimits | undefined,
    save: (token: StoredToken) => Promise<void>
  ): Promise<MadeToken> {
    const secret = `cgw_${randomBytes(32).toString('base64url')}`
    const token = { clientId: id, scopes, digest: digestOf(secret), createdAt: Date.now(), expiresAt }
    await save(token)
    empty = false
    if (limits) book.set([{ clientId: id, limits }])
    keys.add(toKey(token, book))
    return { id, secret, scopes, expiresAt, ...limits, fingerprint: fingerprintOf(token.digest) }
  }

  function tell(done: 'create' | 'rotate' | 'update' | 'revoke', id: string, { clientId }: Principal): NewEvent[] {
    return [
      events.prepare('audit:event', { action: `token.${done}`, outcome: 'done', subject: id, clientId }),
      events.prepare('secret:modified', { name: `token:${id}`, clientId })
    ]
  }

  const keysOf = (id: string) => keys.list().filter(({ principal }) => principal.clientId === id)

  async function create(token: NewToken, by: Principal): Promise<MadeToken> {
    const { id, scopes, expiresAt } = token
    const wrong = wrongWithScopes(scopes)
    if (wrong) throw invalid('scopes', `Invalid scopes: ${wrong}`)
    refuseScopes(by, scopes)
    refuseBeyond(by, id, token)
    refusePast(expiresAt)
    if (keysOf(id).length > 0) throw invalid('id', `"${id}" has a token already: rotate it`)
    checkLimits(token)
    book.refuseOtherBudget(token.budget)
    // That there are none is kept too: the configuration may have some for a token of this id that has ended.
    const limits = limitsAmong(token) ?? {}
    return make(token, limits, (stored) => store.add(stored, limits, tell('create', id, by)))
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
    const scopes = [...newest.principal.scopes]
    // Whoever rotates a token sees its secret.
    refuseScopes(by, scopes)
    refuseBeyond(by, id, book.of(id) ?? {})
    const token = { id, scopes, expiresAt: expiresAt ?? expiryOf(newest.endsAt) }
    const limits = book.of(id)
    const made = await make(token, limits, (stored) =>
      store.replace(toEnds(previous, endsAt), stored, limits, tell('rotate', id, by))
    )
    keys.end(previous, endsAt)
    return { ...made, previousEndsAt }
  }

  async function update({ id, ...changes }: LimitUpdate, by: Principal): Promise<TokenLimits> {
    if (keysOf(id).length === 0) throw unknownToken()
    const limits = changeLimits(book.of(id) ?? {}, changes)
    checkLimits(limits)
    refuseBeyond(by, id, limits)
    const { budget } = limits
    const others = budget?.group === undefined ? [] : book.membersOf(budget.group)
    const clients: ClientLimits[] = [
      ...others.map((other) => ({ ...other, limits: { ...other.limits, budget } })),
      { clientId: id, limits }
    ]
    await store.limit(clients, tell('update', id, by))
    book.set(clients)
    return limits
  }

  async function revoke({ id, force = false }: Revocation, by: Principal): Promise<number> {
    const all = keys.list()
    const revoked = all.filter(({ principal }) => principal.clientId === id)
    if (revoked.length === 0) throw unknownToken()
    const left = all.filter((key) => !revoked.includes(key))
    if (!force && revoked.some(isAdmin) && !left.some(isAdmin)) {
      throw invalid('force', 'No admin could come in any more: say `force` if that is meant')
    }
    await store.end(toEnds(revoked, NOW), id, tell('revoke', id, by))
    keys.end(revoked, NOW)
    book.delete(id)
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
    createFirst: async () => (await make(FIRST, undefined, (token) => store.add(token, undefined, []))).secret,
    list: () => keys.list().map(describeKey).toSorted(byClientAndAge),
    create: (token, by) => inTurn(() => create(token, by)),
    rotate: (rotation, by) => inTurn(() => rotate(rotation, by)),
    update: (changes, by) => inTurn(() => update(changes, by)),
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
