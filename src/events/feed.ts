import { setImmediate as nextTurn } from 'node:timers/promises'
import type { EventStore, JournalEntry } from '../storage/port.ts'
import type { EventFilter } from './filter.ts'
import { type LiveEvent, toLive } from './live-event.ts'
import { Ring } from './ring.ts'

/** Why a reader's stream was ended by the gateway. */
export type EndReason = 'behind' | 'stalled' | 'closed'

/** Where a reader's events go. */
export interface Sink {
  /**
   * Takes events, all in one write. The array is shared by all readers that get the same: never change it.
   * @returns false when no more can be taken until the reader is told to go on (`Reader.drained`)
   */
  take(events: readonly LiveEvent[]): boolean
  /** Bytes that were taken and have not left yet. */
  readonly pending: number
  /** No more will come. */
  end(reason: EndReason): void
}

/** One who reads the stream of events. */
export interface Reader {
  /** The sink can take more again. */
  drained(): void
  leave(): void
}

export interface JoinOptions {
  sink: Sink
  filter: EventFilter
  /** The id of the last event that was seen; undefined: from now on. NaN, as any number never given, leads to `gap`. */
  after?: number
}

export interface FeedOptions {
  journal: EventStore
  /** How far a reader may fall behind, in bytes, before it is ended. */
  readerBufferBytes: number
  /** A reader that takes nothing for this long is ended, in milliseconds. */
  stallMs: number
  /** A page of the journal could not be read; the reader was ended. */
  onError(error: unknown): void
}

const PING_MS = 15_000
/** Most bytes handed to a reader at once. */
const SLICE_BYTES = 65_536
const PAGE = 500

/**
 * The stream of events, for any number of readers. A reader is a cursor into one ring: what it lacks it gets in one
 * piece, and what it has not taken yet is held once for all. Only what was missed before the ring's first event is read
 * from the journal.
 */
export class Feed {
  readonly #options: FeedOptions
  readonly #ring: Ring
  readonly #readers = new Set<Cursor>()
  #scheduled: NodeJS.Immediate | undefined
  /** Bytes of all events that were there at the last flush. */
  #flushedBytes = 0
  #beat: NodeJS.Timeout | undefined
  #stallCheck: NodeJS.Timeout | undefined
  #closed = false
  /** The last page of the journal that is being read, for whomever. */
  #paging: Promise<unknown> = Promise.resolve()

  /** @param lastId the newest id of the journal */
  constructor(options: FeedOptions, lastId: number) {
    this.#options = options
    this.#ring = new Ring(options.readerBufferBytes * 2, SLICE_BYTES, lastId)
  }

  get size(): number {
    return this.#readers.size
  }

  /** Whether anyone looks on; what is live only need not be made for nobody. */
  get watched(): boolean {
    return this.#readers.size > 0
  }

  /** Adds events, in the order of their ids. They leave at the end of this turn of the event loop, with all others of it. */
  publish(events: readonly LiveEvent[]): void {
    for (const event of events) this.#ring.push(event)
    if (this.#readers.size > 0) this.#scheduled ??= setImmediate(() => this.#flush())
    else this.#ring.trim()
  }

  join({ sink, filter, after }: JoinOptions): Reader {
    const cursor = new Cursor(sink, filter, this.#ring.end)
    if (this.#closed) {
      sink.end('closed')
      return { drained() {}, leave() {} }
    }
    this.#readers.add(cursor)
    this.#startTimers()
    if (after !== undefined) void this.#catchUp(cursor, after)
    return {
      drained: () => {
        cursor.open()
        this.#advance(cursor)
      },
      leave: () => this.#remove(cursor)
    }
  }

  /** Ends all readers; later ones are ended at once. */
  close(): void {
    this.#closed = true
    clearImmediate(this.#scheduled)
    for (const cursor of this.#readers) this.#end(cursor, 'closed')
  }

  #flush(): void {
    this.#scheduled = undefined
    let needed = this.#ring.end
    for (const cursor of this.#readers) {
      if (this.#isBehind(cursor)) this.#end(cursor, 'behind')
      else this.#advance(cursor)
      if (!cursor.catchingUp) needed = Math.min(needed, cursor.at)
    }
    this.#flushedBytes = this.#ring.endBytes
    this.#ring.trim(needed)
  }

  /** Only by what there was at the flush before: however much comes at once, a reader gets the time to take it. */
  #isBehind({ blocked, catchingUp, at, sink }: Cursor): boolean {
    if (!blocked || catchingUp) return false
    return this.#flushedBytes - this.#ring.bytesAt(at) + sink.pending > this.#options.readerBufferBytes
  }

  /** Gives a reader what it lacks, as far as it takes it. */
  #advance(cursor: Cursor): void {
    while (!cursor.blocked && !cursor.catchingUp && cursor.at < this.#ring.end) {
      const { events, next } = this.#ring.slice(cursor.at, cursor.filter)
      cursor.at = next
      cursor.give(events)
    }
  }

  async #catchUp(cursor: Cursor, after: number): Promise<void> {
    cursor.catchingUp = true
    try {
      let seen = await this.#firstToRead(cursor, after)
      while (!this.#ring.reaches(seen) && this.#readers.has(cursor)) {
        const page = await this.#readPage(seen)
        cursor.give(page.map(toLive).filter((event) => cursor.filter.admits(event)))
        seen = page.at(-1)?.id ?? this.#ring.lastId
        if (cursor.blocked) await cursor.room()
      }
      if (!this.#readers.has(cursor)) return
      cursor.at = this.#ring.after(seen)
      cursor.catchingUp = false
      this.#advance(cursor)
    } catch (error) {
      this.#options.onError(error)
      this.#end(cursor, 'closed')
    }
  }

  /**
   * One page in a turn of the event loop, however many readers catch up: after a restart all do, and whoever does not
   * read events should not notice.
   */
  #readPage(after: number): Promise<JournalEntry[]> {
    const page = this.#paging.then(nextTurn).then(() => this.#options.journal.after(after, PAGE))
    this.#paging = page.catch(() => {}) // whoever asked for it is told
    return page
  }

  /** The id to go on from; what cannot be given any more is told by `gap`. */
  async #firstToRead(cursor: Cursor, after: number): Promise<number> {
    if (this.#ring.reaches(after)) return after
    const { first, last } = await this.#options.journal.bounds()
    if (!(after >= 0 && after <= last)) {
      cursor.give([gap(first, last, 'unknown')])
      return this.#ring.lastId
    }
    if (after + 1 < first) {
      cursor.give([gap(after + 1, first - 1, 'expired')])
      return first - 1
    }
    return after
  }

  #remove(cursor: Cursor): void {
    if (!this.#readers.delete(cursor)) return
    cursor.open()
    if (this.#readers.size === 0) this.#stopTimers()
  }

  #end(cursor: Cursor, reason: EndReason): void {
    this.#remove(cursor)
    cursor.sink.end(reason)
  }

  #startTimers(): void {
    const { stallMs } = this.#options
    this.#beat ??= setInterval(() => this.#ping(), PING_MS).unref()
    this.#stallCheck ??= setInterval(() => this.#endStalled(), Math.min(1000, stallMs / 2)).unref()
  }

  #stopTimers(): void {
    clearInterval(this.#beat)
    clearInterval(this.#stallCheck)
    this.#beat = this.#stallCheck = undefined
  }

  #ping(): void {
    const events: readonly LiveEvent[] = [unnumbered('ping', JSON.stringify({ timestamp: Date.now() }))]
    for (const cursor of this.#readers) if (!cursor.blocked) cursor.give(events)
  }

  #endStalled(): void {
    const limit = performance.now() - this.#options.stallMs
    for (const cursor of this.#readers) if (cursor.blockedSince < limit) this.#end(cursor, 'stalled')
  }
}

/** A reader's place in the ring, and whether it takes more. */
class Cursor {
  readonly sink: Sink
  readonly filter: EventFilter
  /** Place in the ring of the next event to look at. */
  at: number
  /** It still reads the journal. */
  catchingUp = false
  blockedSince = Infinity
  #wake: (() => void) | undefined

  constructor(sink: Sink, filter: EventFilter, at: number) {
    this.sink = sink
    this.filter = filter
    this.at = at
  }

  get blocked(): boolean {
    return this.blockedSince !== Infinity
  }

  give(events: readonly LiveEvent[]): void {
    if (events.length === 0 || this.sink.take(events)) return
    if (!this.blocked) this.blockedSince = performance.now()
  }

  open(): void {
    this.blockedSince = Infinity
    this.#wake?.()
  }

  /** Resolves when more is taken, or the reader is gone. */
  room(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined
        resolve()
      }
    })
  }
}

const unnumbered = (type: string, data: string): LiveEvent => ({ id: undefined, type, data })

/** Tells a reader which ids it can no longer have. */
const gap = (first: number, last: number, reason: 'expired' | 'unknown') =>
  unnumbered('gap', JSON.stringify({ first, last, reason }))
