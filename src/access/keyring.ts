import { hash, timingSafeEqual } from 'node:crypto'
import type { Principal } from './principal.ts'

/** A secret that opens the gateway, as it is held: by its digest. */
export interface Key extends Omit<KeyOptions, 'digest'> {
  readonly digest: Buffer
  /** Milliseconds since the epoch; Infinity: never. It only comes nearer. */
  readonly endsAt: number
  /** Milliseconds since the epoch; undefined: not since the process started. */
  readonly lastUsedAt: number | undefined
}

export interface KeyOptions {
  /** Whose it is; requests that bring the secret get this very object. */
  readonly principal: Principal
  /** SHA-256 of the secret, lower-case hex. */
  readonly digest: string
  readonly source: 'config' | 'runtime' | 'certificate'
  /** Milliseconds since the epoch; undefined for one of the configuration. */
  readonly createdAt: number | undefined
  /** Milliseconds since the epoch; Infinity: never. */
  readonly endsAt: number
}

interface HeldKey extends Key {
  endsAt: number
  lastUsedAt: number | undefined
  /** What is to end with it. */
  readonly followers: Set<() => void>
}

const MOST_VERIFIED = 1000
/** The timer looks again after this long: a longer one could be late by as much as the clock was set, or slept. */
const LOOK_AGAIN_MS = 60_000
/** Followers that are ended in one turn of the event loop. */
const ENDED_AT_ONCE = 50
const NOBODY = Buffer.alloc(32)

/** The secrets that are valid now: it tells whose one is, and ends what goes on under those that come to their end. */
export class Keyring {
  /** By digest, as text of its bytes: a third of the cost of hexadecimal. */
  readonly #keys = new Map<string, HeldKey>()
  /** Secrets that were verified lately: a digest takes longer than all the rest of it. */
  readonly #verified = new Map<string, HeldKey>()
  readonly #byPrincipal = new WeakMap<Principal, HeldKey>()
  #timer: NodeJS.Timeout | undefined

  /** Takes a key in; one of the same digest gives way to it. One that has ended is left out. */
  add({ digest: hex, ...key }: KeyOptions): void {
    const digest = Buffer.from(hex, 'hex')
    const held: HeldKey = { ...key, digest, lastUsedAt: undefined, followers: new Set() }
    if (isOver(held)) return
    this.#keys.set(digest.toString('latin1'), held)
    this.#byPrincipal.set(held.principal, held)
    this.#schedule()
  }

  /** Whose secret it is; undefined for one that is unknown or has ended. */
  verify(secret: string): Principal | undefined {
    const seen = this.#verified.get(secret)
    if (seen) return use(seen)
    const digest = hash('sha256', secret, 'buffer')
    const key = this.#keys.get(digest.toString('latin1'))
    // The map already compared digests; this keeps the cost of a known and an unknown one alike.
    const same = timingSafeEqual(digest, key?.digest ?? NOBODY)
    if (!key || !same || isOver(key)) return undefined
    if (this.#verified.size >= MOST_VERIFIED) this.#verified.clear()
    this.#verified.set(secret, key)
    return use(key)
  }

  /** The principal itself, unless what it comes by has ended: for one that is known by something else than a secret. */
  use(principal: Principal): Principal | undefined {
    const key = this.#byPrincipal.get(principal)
    return key && use(key)
  }

  /** Whether the secret by which a principal came is still valid. One that came without a secret always is. */
  isValid(principal: Principal): boolean {
    const key = this.#byPrincipal.get(principal)
    return key === undefined || !isOver(key)
  }

  /**
   * Calls back, once, when the secret ends by which a principal came; soon, when it has ended already. For one that came
   * without a secret never.
   * @returns takes it back; call it when what follows is over, or it is held for as long as the secret is valid
   */
  follow(principal: Principal, onEnd: () => void): () => void {
    const key = this.#byPrincipal.get(principal)
    if (!key) return () => {}
    if (isOver(key)) queueMicrotask(onEnd)
    else key.followers.add(onEnd)
    return () => void key.followers.delete(onEnd)
  }

  /** Those that are valid, in the order in which they were added. */
  list(): Key[] {
    return [...this.#keys.values()].filter((key) => !isOver(key))
  }

  /**
   * Lets keys end at a time, unless they end before. From then on they are refused; what goes on under them is ended in
   * a later turn of the event loop, so that whoever ends a key of its own still gets its answer.
   * @param at milliseconds since the epoch; 0: now, whatever the clock says
   */
  end(keys: readonly Key[], at: number): void {
    for (const { principal } of keys) {
      const held = this.#byPrincipal.get(principal)
      if (held) held.endsAt = Math.min(held.endsAt, at)
    }
    this.#schedule()
  }

  /** Ends no more keys by itself. */
  stop(): void {
    clearTimeout(this.#timer)
  }

  #schedule(): void {
    clearTimeout(this.#timer)
    let soonest = Infinity
    for (const { endsAt } of this.#keys.values()) soonest = Math.min(soonest, endsAt)
    if (soonest === Infinity) return
    const wait = Math.min(Math.max(0, soonest - Date.now()), LOOK_AGAIN_MS)
    this.#timer = setTimeout(() => this.#dropEnded(), wait).unref()
  }

  #dropEnded(): void {
    for (const [digest, key] of this.#keys) {
      if (isOver(key)) this.#drop(digest, key)
    }
    this.#schedule()
  }

  #drop(digest: string, key: HeldKey): void {
    this.#keys.delete(digest)
    for (const [secret, known] of this.#verified) {
      if (known === key) this.#verified.delete(secret)
    }
    endSome(key.followers)
  }
}

/** Thousands may share a secret: whoever has another one should not notice. */
function endSome(followers: Set<() => void>): void {
  let ended = 0
  for (const onEnd of followers) {
    if (ended++ === ENDED_AT_ONCE) return void setImmediate(() => endSome(followers))
    followers.delete(onEnd)
    onEnd()
  }
}

const isOver = ({ endsAt }: Key) => endsAt <= Date.now()

function use(key: HeldKey): Principal | undefined {
  const now = Date.now()
  if (key.endsAt <= now) return undefined
  key.lastUsedAt = now
  return key.principal
}
