import { GatewayError } from '../errors.ts'
import type { Events } from '../events/events.ts'
import type { WebhooksConfig } from '../config/schema.ts'
import type { DeliveryStore, NewEvent, StoredDelivery, WholeDelivery } from '../storage/port.ts'
import type { Conclusion } from './attempt.ts'
import { judge } from './back-off.ts'
import { clientOfMapping } from './client.ts'
import { Undeliverable } from './mapping.ts'
import { persistently, REST_MS } from './persistently.ts'

/** Does what deliveries ask for. */
export interface Worker {
  start(): void
  /** Something may be due. */
  wake(): void
  /** Whether it is at a delivery. */
  has(id: string): boolean
  /** Begins nothing more; what runs goes on, and what a channel still sends after `graceMs` is given up. */
  stop(graceMs: number): void
  /** Resolves once nothing runs. */
  settled(): Promise<void>
}

export interface WorkerOptions {
  store: DeliveryStore
  events: Events
  settings(): WebhooksConfig
  /** One attempt. @throws whatever it failed with */
  attempt(delivery: WholeDelivery, ending: AbortSignal): Promise<Conclusion>
  /** The store failed, or an attempt did by a fault of the gateway's own. */
  onError(error: unknown): void
}

/** It is looked again by then, whatever was expected. */
const LONGEST_SLEEP_MS = 60_000
/** A delivery that ends the gateway each time is not tried for ever. */
const MOST_INTERRUPTIONS = 20

export function openWorker({ store, events, settings, attempt, onError }: WorkerOptions): Worker {
  const running = new Map<string, Promise<void>>()
  /** How often in a row there was no room for a delivery. */
  const turnedAway = new Map<string, number>()
  const writes = persistently(onError)
  const ending = new AbortController()
  let active = false
  let looking: Promise<void> | undefined
  let again = false
  let timer: NodeJS.Timeout | undefined
  let grace: NodeJS.Timeout | undefined

  function tellStarted(delivery: StoredDelivery): NewEvent[] {
    if (turnedAway.has(delivery.id)) return [] // that was told, and nothing has come of it yet
    const { attempts: attempt, sending, turnId } = delivery
    return [events.prepare('webhook:started', { ...placeOf(delivery), attempt, sending, turnId })]
  }

  function wake(): void {
    again = true
    if (!active) return
    looking ??= look().finally(() => {
      looking = undefined
      if (again && active) wake()
    })
  }

  function sleepUntil(at: number): void {
    clearTimeout(timer)
    timer = setTimeout(wake, Math.min(LONGEST_SLEEP_MS, Math.max(0, at - Date.now()))).unref()
  }

  async function look(): Promise<void> {
    try {
      again = false
      await takeDue()
    } catch (error) {
      onError(error)
      sleepUntil(Date.now() + REST_MS)
    }
  }

  /** Whoever ends an attempt looks again, so that there is nothing to wait for while there is no room. */
  async function takeDue(): Promise<void> {
    const room = settings().concurrency - running.size
    if (room <= 0) return
    const due = await store.nextDue()
    if (due === undefined) return
    if (due > Date.now()) return sleepUntil(due)
    for (const delivery of await store.claim(Date.now(), room, tellStarted)) run(delivery)
    again = true
  }

  function run(delivery: WholeDelivery): void {
    const work = settle(delivery).catch(onError)
    running.set(delivery.id, work)
    void work.then(() => {
      running.delete(delivery.id)
      wake()
    })
  }

  async function settle(delivery: WholeDelivery): Promise<void> {
    let conclusion: Conclusion
    try {
      if (!active) return await giveBack(delivery)
      if (delivery.interruptions >= MOST_INTERRUPTIONS) {
        throw new Undeliverable(`The gateway ended ${delivery.interruptions} times while it was worked on`)
      }
      conclusion = await attempt(delivery, ending.signal)
    } catch (error) {
      if (!active) return await giveBack(delivery)
      return await fail(delivery, error)
    }
    turnedAway.delete(delivery.id)
    if (conclusion) await conclude(delivery, conclusion)
  }

  /** What is not stored would be at work for ever, as far as anyone can see. */
  function conclude({ id }: WholeDelivery, { settlement, events, onStored }: NonNullable<Conclusion>): Promise<void> {
    const now = Date.now()
    return writes.write(async () => {
      if (await store.settle(id, now, settlement, events)) onStored?.()
    })
  }

  /** The gateway is going down: that is no failure of the delivery. */
  function giveBack(delivery: WholeDelivery): Promise<void> {
    const reason = 'The gateway was stopped'
    return conclude(delivery, { settlement: { to: 'waiting', dueAt: Date.now(), reason, free: true }, events: [] })
  }

  async function fail(delivery: WholeDelivery, error: unknown): Promise<void> {
    const { id, attempts, interruptions } = delivery
    const { maxAttempts, retryDelayMs } = settings()
    const away = turnedAway.get(id) ?? 0
    if (!isTold(error)) onError(error)
    const verdict = judge(error, { made: attempts - interruptions, most: maxAttempts, delayMs: retryDelayMs, away })
    const told = { ...placeOf(delivery), attempt: attempts, reason: verdict.reason }
    if (verdict.again && verdict.free) turnedAway.set(id, away + 1)
    else turnedAway.delete(id)
    if (!verdict.again) {
      const settlement = { to: 'dead' as const, reason: verdict.reason }
      return conclude(delivery, { settlement, events: [events.prepare('webhook:dead', told)] })
    }
    const { reason, free } = verdict
    const dueAt = Math.ceil(Date.now() + verdict.delayMs)
    const retrying = free && away > 0 ? [] : [events.prepare('webhook:retrying', { ...told, dueAt })]
    return conclude(delivery, { settlement: { to: 'waiting', dueAt, reason, free }, events: retrying })
  }

  return {
    start() {
      active = true
      wake()
    },
    wake,
    has: (id) => running.has(id),
    stop(graceMs) {
      active = false
      clearTimeout(timer)
      grace = setTimeout(() => ending.abort(), graceMs)
    },
    async settled() {
      await looking
      await Promise.all([writes.end(), ...running.values()])
      clearTimeout(grace)
    }
  }
}

/** Of what channels fail with, only the log has the words. */
const isTold = (error: unknown) =>
  error instanceof Undeliverable || (error instanceof GatewayError && error.code !== 'channel_failed')

/** Which delivery an event is about; the mapping's client alone sees it, beside admins. */
export const placeOf = ({ id, mappingId, agentId }: Pick<StoredDelivery, 'id' | 'mappingId' | 'agentId'>) => ({
  deliveryId: id,
  mapping: mappingId,
  clientId: clientOfMapping(mappingId),
  ...(agentId !== undefined && { agentId })
})
