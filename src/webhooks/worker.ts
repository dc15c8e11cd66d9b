import { GatewayError } from '../errors.ts'
import type { Events } from '../events/events.ts'
import type { WebhooksConfig } from '../config/schema.ts'
import type { DeliveryStore, StoredDelivery, WholeDelivery } from '../storage/port.ts'
import { judge } from './back-off.ts'
import { clientOfMapping } from './client.ts'
import { Undeliverable } from './mapping.ts'

/** Does what deliveries ask for. */
export interface Worker {
  start(): void
  /** Something may be due. */
  wake(): void
  /** Begins nothing more; what runs goes on. */
  stop(): void
  /** Resolves once nothing runs. */
  settled(): Promise<void>
}

export interface WorkerOptions {
  store: DeliveryStore
  events: Events
  settings(): WebhooksConfig
  /** One attempt. @throws whatever it failed with */
  attempt(delivery: WholeDelivery): Promise<void>
  /** The store failed, or an attempt did by a fault of the gateway's own. */
  onError(error: unknown): void
}

/** After the store failed. */
const REST_MS = 1000
/** It is looked again by then, whatever was expected. */
const LONGEST_SLEEP_MS = 60_000
/** A delivery that ends the gateway each time is not tried for ever. */
const MOST_INTERRUPTIONS = 20

export function openWorker({ store, events, settings, attempt, onError }: WorkerOptions): Worker {
  const running = new Set<Promise<void>>()
  let active = false
  let looking: Promise<void> | undefined
  let again = false
  let timer: NodeJS.Timeout | undefined

  const tellStarted = (delivery: StoredDelivery) =>
    events.prepare('webhook:started', {
      ...placeOf(delivery),
      attempt: delivery.attempts,
      sending: delivery.sending,
      turnId: delivery.turnId
    })

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
    running.add(work)
    void work.then(() => {
      running.delete(work)
      wake()
    })
  }

  async function settle(delivery: WholeDelivery): Promise<void> {
    try {
      if (!active) return await giveBack(delivery)
      if (delivery.interruptions >= MOST_INTERRUPTIONS) {
        throw new Undeliverable(`The gateway ended ${delivery.interruptions} times while it was worked on`)
      }
      await attempt(delivery)
    } catch (error) {
      if (!active) return await giveBack(delivery)
      await fail(delivery, error)
    }
  }

  /** The gateway is going down: that is no failure of the delivery. */
  async function giveBack({ id }: WholeDelivery): Promise<void> {
    const now = Date.now()
    await store.settle(id, now, { to: 'waiting', dueAt: now, reason: 'The gateway was stopped', free: true }, [])
  }

  async function fail(delivery: WholeDelivery, error: unknown): Promise<void> {
    const { id, attempts, interruptions } = delivery
    const { maxAttempts, retryDelayMs } = settings()
    if (!(error instanceof GatewayError || error instanceof Undeliverable)) onError(error)
    const verdict = judge(error, { made: attempts - interruptions, most: maxAttempts, delayMs: retryDelayMs })
    const told = { ...placeOf(delivery), attempt: attempts, reason: verdict.reason }
    const now = Date.now()
    if (!verdict.again) {
      await store.settle(id, now, { to: 'dead', reason: verdict.reason }, [events.prepare('webhook:dead', told)])
      return
    }
    const { reason, free } = verdict
    const dueAt = Math.ceil(now + verdict.delayMs)
    const retrying = events.prepare('webhook:retrying', { ...told, dueAt })
    await store.settle(id, now, { to: 'waiting', dueAt, reason, free }, [retrying])
  }

  return {
    start() {
      active = true
      wake()
    },
    wake,
    stop() {
      active = false
      clearTimeout(timer)
    },
    async settled() {
      await looking
      await Promise.all(running)
    }
  }
}

/** Which delivery an event is about; the mapping's client alone sees it, beside admins. */
export const placeOf = ({ id, mappingId, agentId }: Pick<StoredDelivery, 'id' | 'mappingId' | 'agentId'>) => ({
  deliveryId: id,
  mapping: mappingId,
  clientId: clientOfMapping(mappingId),
  ...(agentId !== undefined && { agentId })
})
