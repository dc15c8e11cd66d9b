import type { Principal } from '../access/principal.ts'
import type { WebhooksConfig } from '../config/schema.ts'
import { GatewayError } from '../errors.ts'
import type { Events } from '../events/events.ts'
import type {
  DeliveryCount,
  DeliveryPage,
  DeliveryQuery,
  DeliveryStore,
  NewEvent,
  StoredDelivery,
  WholeDelivery
} from '../storage/port.ts'
import { GENERIC } from './check.ts'
import { newUnique } from './inbox.ts'
import { placeOf } from './worker.ts'

/** What operators see of deliveries, and do to them. */
export interface Operator {
  list(query: DeliveryQuery): Promise<DeliveryPage>
  /** @throws GatewayError `not_found` */
  get(id: string): Promise<WholeDelivery>
  /** Starts one again that has ended, however it did. @throws GatewayError `not_found`; `invalid_request` */
  replay(id: string, by: Principal): Promise<void>
  /** Ends one that waits, is kept for later or is dead. @throws GatewayError `not_found`; `invalid_request` */
  discard(id: string, by: Principal): Promise<void>
  counts(): Promise<DeliveryCount[]>
  queue(): Promise<QueueStatus>
}

export interface QueueStatus {
  enabled: boolean
  waiting: number
  running: number
  held: number
  dead: number
  /** When the next attempt is due, in milliseconds since the epoch. */
  nextDueAt?: number
  concurrency: number
  maxAttempts: number
}

export interface OperatorOptions {
  store: DeliveryStore
  events: Events
  settings(): WebhooksConfig
  /** Whether this process is at it. */
  isWorkedOn(delivery: StoredDelivery): boolean
  /** Something may be due now. */
  onChanged(): void
}

export function openOperator({ store, events, settings, isWorkedOn, onChanged }: OperatorOptions): Operator {
  async function get(id: string): Promise<WholeDelivery> {
    const found = await store.get(id)
    if (!found) throw new GatewayError('not_found', 'There is no such delivery', { param: 'id' })
    return found
  }

  function tell(did: 'replay' | 'discard', delivery: StoredDelivery, { clientId: by }: Principal): NewEvent[] {
    const told = { ...placeOf(delivery), by }
    const action = `webhook.${did}`
    return [
      events.prepare(did === 'replay' ? 'webhook:replayed' : 'webhook:discarded', told),
      events.prepare('audit:event', { action, outcome: 'done', subject: delivery.id, by, clientId: told.clientId })
    ]
  }

  return {
    list: store.list,
    get,
    async replay(id, by) {
      const delivery = await get(id)
      if (delivery.mappingId === GENERIC) throw refused('It is an event that was told: there is nothing to start again')
      if (!(await store.replay(id, Date.now(), `turn_${newUnique()}`, tell('replay', delivery, by)))) {
        throw refused('It has not ended: there is nothing to start again')
      }
      onChanged()
    },
    async discard(id, by) {
      const delivery = await get(id)
      if (!(await store.discard(id, Date.now(), !isWorkedOn(delivery), tell('discard', delivery, by)))) {
        throw refused('It has ended, or is being worked on: cancel its turn instead')
      }
      onChanged()
    },
    counts: store.counts,
    async queue() {
      const { enabled, concurrency, maxAttempts } = settings()
      const [counts, nextDueAt] = await Promise.all([store.counts(), store.nextDue()])
      const sum = (...states: string[]) =>
        counts.reduce((total, { state, count }) => total + (states.includes(state) ? count : 0), 0)
      return {
        enabled,
        waiting: sum('waiting'),
        running: sum('running'),
        held: sum('held', 'handed'),
        dead: sum('dead'),
        nextDueAt,
        concurrency,
        maxAttempts
      }
    }
  }
}

const refused = (message: string) => new GatewayError('invalid_request', message, { param: 'id' })
