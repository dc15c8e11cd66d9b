import type { Events } from '../events/events.ts'
import type { EventPayload } from '../events/map.ts'

/** A request that was refused at the door. */
export type Refused = Omit<EventPayload<'security:warn'>, 'count'>

/** One kind of refusal from one place: told at its first, and once more for all that came within the window. */
interface Repeated {
  refused: Refused
  more: number
}

const WINDOW_MS = 10_000
/** Events that one reason may cause at once, and how soon another one: some hundreds a day, of the journal's 100,000. */
const MOST_AT_ONCE = 60
const ANOTHER_AFTER_MS = 120_000
/** Places followed at the same time. */
const MOST_PLACES = 1000

/**
 * Tells of refused requests, as `security:warn` and `audit:event`. Who floods the gateway does not flood its journal: what one
 * client or address repeats is counted, and so is everything of a reason of which there was too much lately.
 */
export class Refusals {
  readonly #events: Pick<Events, 'emit'>
  readonly #places = new Map<string, Repeated>()
  readonly #allowances = new Map<string, Allowance>()
  readonly #timer: NodeJS.Timeout

  constructor(events: Pick<Events, 'emit'>) {
    this.#events = events
    this.#timer = setInterval(() => this.#tellRepeated(), WINDOW_MS).unref()
  }

  tell(refused: Refused): void {
    const { reason } = refused
    const place = `${reason} ${refused.clientId ?? refused.address}`
    const known = this.#places.get(place) ?? this.#places.get(reason)
    if (known) return void known.more++
    if (this.#places.size < MOST_PLACES && this.#spend(reason)) {
      this.#places.set(place, { refused, more: 0 })
      return this.#emit(refused, 1)
    }
    this.#places.set(reason, { refused: { reason, message: 'from many places' }, more: 1 })
  }

  /** Tells what it has counted, and no more by itself. */
  stop(): void {
    clearInterval(this.#timer)
    this.#allowances.clear()
    this.#tellRepeated()
  }

  /** What there is no allowance for is told by a later window, with what comes until then. */
  #tellRepeated(): void {
    for (const [place, { refused, more }] of this.#places) {
      if (more > 0 && !this.#spend(refused.reason)) continue
      this.#places.delete(place)
      if (more > 0) this.#emit(refused, more)
    }
  }

  #spend(reason: string): boolean {
    let allowance = this.#allowances.get(reason)
    if (!allowance) this.#allowances.set(reason, (allowance = new Allowance()))
    return allowance.spend()
  }

  #emit(refused: Refused, count: number): void {
    const { reason, path, address, message, ...where } = refused
    this.#events.emit('security:warn', { ...refused, count })
    this.#events.emit('audit:event', {
      action: 'request',
      outcome: 'refused',
      reason,
      count,
      ...(path !== undefined && { subject: path }),
      ...(address !== undefined && { address }),
      ...(message !== undefined && { message }),
      ...where
    })
  }
}

/** So many at once, and another one after each stretch of time. */
class Allowance {
  #left = MOST_AT_ONCE
  #at = performance.now()

  spend(): boolean {
    const now = performance.now()
    this.#left = Math.min(MOST_AT_ONCE, this.#left + (now - this.#at) / ANOTHER_AFTER_MS)
    this.#at = now
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
