import type { Principal } from '../../src/access/principal.ts'
import { GatewayError } from '../../src/errors.ts'
import type { Events } from '../../src/events/events.ts'
import type { EndReason, Reader, Sink } from '../../src/events/feed.ts'
import type { LiveEvent } from '../../src/events/live-event.ts'
import { eventFilter } from '../../src/events/filter.ts'
import type { SubscribeOptions, Subscriptions } from './method.ts'
import type { Outlet } from '../websocket/outlet.ts'

export interface SocketSubscriptionsOptions {
  events: Events
  by: Principal
  outlet: Outlet
  /** The client fell too far behind. */
  onBehind(): void
}

const MOST = 16

/** What one socket is subscribed to: readers of the gateway's feed, each with its own filter and place. */
export class SocketSubscriptions implements Subscriptions {
  readonly #options: SocketSubscriptionsOptions
  readonly #readers = new Map<string, Reader>()
  #made = 0

  constructor(options: SocketSubscriptionsOptions) {
    this.#options = options
    options.outlet.onRoom(() => {
      for (const reader of this.#readers.values()) reader.drained()
    })
  }

  add({ types, agentId, sessionKey, since }: SubscribeOptions): string {
    const { events, by, outlet, onBehind } = this.#options
    if (this.#readers.size >= MOST) throw new GatewayError('busy', `More than ${MOST} subscriptions on one connection`)
    const filter = eventFilter({ by, types: types?.join(','), agentId, sessionKey })
    const id = `sub_${++this.#made}`
    const sink = new SubscriptionSink(id, outlet, onBehind)
    this.#readers.set(id, events.join({ sink, filter, after: since }))
    return id
  }

  remove(id: string): boolean {
    this.#readers.get(id)?.leave()
    return this.#readers.delete(id)
  }

  removeAll(): void {
    for (const reader of this.#readers.values()) reader.leave()
    this.#readers.clear()
  }
}

class SubscriptionSink implements Sink {
  readonly #head: string
  readonly #outlet: Outlet
  readonly #onBehind: () => void

  constructor(id: string, outlet: Outlet, onBehind: () => void) {
    this.#head = `{"jsonrpc":"2.0","method":"event","params":{"subscription":${JSON.stringify(id)},`
    this.#outlet = outlet
    this.#onBehind = onBehind
  }

  get pending(): number {
    return this.#outlet.pending
  }

  take(events: readonly LiveEvent[]): boolean {
    for (const tail of encode(events)) void this.#outlet.send(this.#head + tail)
    return !this.#outlet.full
  }

  end(reason: EndReason): void {
    // A feed that closes does so with the gateway, and then the sockets are told to go.
    if (reason !== 'closed') this.#onBehind()
  }
}

/** What subscriptions that get the same events share: all of it but their id. */
const encoded = new WeakMap<readonly LiveEvent[], string[]>()

function encode(events: readonly LiveEvent[]): string[] {
  let tails = encoded.get(events)
  // A socket has its heartbeat: the pings of the feed are for streams that have none.
  if (!tails) encoded.set(events, (tails = events.filter(({ type }) => type !== 'ping').map(toTail)))
  return tails
}

function toTail({ id, type, data }: LiveEvent): string {
  return `${id === undefined ? '' : `"id":${id},`}"type":${JSON.stringify(type)},"data":${data}}}`
}
