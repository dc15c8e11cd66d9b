import { Compile } from 'typebox/compile'
import type { EventStore, NewEvent } from '../storage/port.ts'
import { Feed, type JoinOptions, type Reader } from './feed.ts'
import { type LiveEvent, toLive } from './live-event.ts'
import { type EventPayload, EVENTS, type EventType, type LiveOnly } from './map.ts'

export interface KeepBounds {
  /** What is older is dropped from the journal, in hours. */
  keepHours: number
  /** How many are kept at most. */
  keepCount: number
}

export interface EventsOptions extends KeepBounds {
  journal: EventStore
  readerBufferBytes: number
  stallMs: number
  /** Events that could not be stored (and were therefore not sent), or a journal that could not be read or pruned. */
  onError(error: unknown): void
}

/** What happens in the gateway, told to whoever listens, and kept for those who come later. */
export interface Events {
  /**
   * Tells of something that happened. It is sent once it is stored, and gets its number there; what is live only is
   * sent as it is, and only if someone looks on.
   * @throws TypeError for a payload that does not fit its type's schema
   */
  emit<T extends EventType>(type: T, payload: EventPayload<T>): void
  /**
   * The same, for a transaction of someone else to store: it is sent after that one's commit.
   * @throws TypeError for a payload that does not fit its type's schema
   */
  prepare<T extends Exclude<EventType, LiveOnly>>(type: T, payload: EventPayload<T>): NewEvent
  /** Tells of an event that was prepared, in a write of its own. */
  add(event: NewEvent): void
  /** Whether anyone reads; what is live only need not be made for nobody. */
  readonly watched: boolean
  /** How many read. */
  readonly readers: number
  join(options: JoinOptions): Reader
  /** How much is kept from now on. */
  keep(bounds: KeepBounds): void
  /** Ends all readers. */
  stop(): void
}

const PRUNE_MS = 60_000
/** Emitted beside what people wait for, a write may be put off for some milliseconds. */
const DEFERRED = true

export async function openEvents({
  journal,
  keepHours,
  keepCount,
  onError,
  ...bounds
}: EventsOptions): Promise<Events> {
  const { last } = await journal.bounds()
  const feed = new Feed({ journal, onError, ...bounds }, last)
  journal.onAppended((entries) => feed.publish(entries.map(toLive)))
  let kept: KeepBounds = { keepHours, keepCount }
  const prune = () => void journal.prune(Date.now() - kept.keepHours * 3_600_000, kept.keepCount).catch(onError)
  const timer = setInterval(prune, PRUNE_MS).unref()
  prune()

  let waiting: NewEvent[] = []

  /** All of one turn of the event loop are one write: a burst is not to fill the queue of writes. */
  function add(event: NewEvent): void {
    if (waiting.push(event) === 1) setImmediate(storeWaiting)
  }

  function storeWaiting(): void {
    if (waiting.length === 0) return
    const events = waiting
    waiting = []
    journal.append(events, DEFERRED).catch(onError)
  }

  return {
    emit(type, payload) {
      const event = toNew(type, payload)
      if (type !== 'message:streaming') add(event)
      else if (feed.watched) feed.publish([liveOnly(event)])
    },
    prepare: toNew,
    add,
    get watched() {
      return feed.watched
    },
    get readers() {
      return feed.size
    },
    join: (options) => feed.join(options),
    keep: (bounds) => void (kept = bounds),
    stop() {
      clearInterval(timer)
      storeWaiting()
      feed.close()
    }
  }
}

/** Checked lazily compiled: of some fifty types a process sees a dozen. */
const validators = new Map<EventType, ReturnType<typeof Compile>>()

function toNew<T extends EventType>(type: T, payload: EventPayload<T>): NewEvent {
  let validator = validators.get(type)
  if (!validator) validators.set(type, (validator = Compile(EVENTS[type])))
  if (!validator.Check(payload)) throw new TypeError(`The payload of ${type} does not fit its schema`)
  const { agentId, sessionKey, clientId } = payload as { agentId?: string; sessionKey?: string; clientId?: string }
  return {
    type,
    payload: JSON.stringify(payload),
    at: Date.now(),
    agentId,
    sessionKey,
    owner: clientId ?? ownerOf(type)
  }
}

/** What happens to the gateway itself is told to its admins: it holds the addresses of others, or how it is set up. No client has an empty id. */
const ownerOf = (type: EventType) => (/^(security|secret|audit|config):/.test(type) ? '' : undefined)

const liveOnly = ({ type, payload, agentId, sessionKey, owner }: NewEvent): LiveEvent => ({
  id: undefined,
  type,
  data: payload,
  agentId,
  sessionKey,
  owner
})
