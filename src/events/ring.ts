import type { EventFilter } from './filter.ts'
import type { LiveEvent } from './live-event.ts'

interface Slot {
  readonly event: LiveEvent
  /** Bytes of all events before this one, since the ring was made. */
  readonly before: number
}

export interface Slice {
  readonly events: readonly LiveEvent[]
  /** The place after the slice. */
  readonly next: number
}

/** Slices kept for the other readers that stand at the same place. */
const MAX_SLICES = 64
/** What an event takes beside its payload, on the wire and here. */
const OVERHEAD_BYTES = 64

/**
 * The newest events, down to a number of bytes at each `trim`. A place in it is the number of events that were pushed before, so that it
 * stays the same while old ones are dropped.
 */
export class Ring {
  readonly #maxBytes: number
  readonly #sliceBytes: number
  #slots: Slot[] = []
  /** Place of the first slot. */
  #start = 0
  #slices = new Map<string, Slice>()
  /** The newest id that is not in the ring any more, or never was. */
  #droppedId: number
  lastId: number
  endBytes = 0

  constructor(maxBytes: number, sliceBytes: number, lastId: number) {
    this.#maxBytes = maxBytes
    this.#sliceBytes = sliceBytes
    this.#droppedId = this.lastId = lastId
  }

  /** The place after the newest event. */
  get end(): number {
    return this.#start + this.#slots.length
  }

  push(event: LiveEvent): void {
    this.#slots.push({ event, before: this.endBytes })
    this.endBytes += Buffer.byteLength(event.data) + OVERHEAD_BYTES
    if (event.id !== undefined) this.lastId = event.id
  }

  /** Drops the oldest events until the rest is within the bound, but none from the place that is still needed on. */
  trim(needed = this.end): void {
    const most = needed - this.#start
    let drop = 0
    while (drop < most && this.endBytes - (this.#slots[drop] as Slot).before > this.#maxBytes) {
      this.#droppedId = this.#slots[drop]?.event.id ?? this.#droppedId
      drop++
    }
    if (drop === 0) return
    this.#slots.splice(0, drop)
    this.#start += drop
    this.#slices.clear()
  }

  /** Whether all events after this id are here. */
  reaches(id: number): boolean {
    return id >= this.#droppedId && id <= this.lastId
  }

  /** The place after the event with this id. */
  after(id: number): number {
    const index = this.#slots.findIndex(({ event }) => event.id !== undefined && event.id > id)
    return index === -1 ? this.end : this.#start + index
  }

  /** Bytes of all events before a place. */
  bytesAt(place: number): number {
    return this.#slots[Math.max(0, place - this.#start)]?.before ?? this.endBytes
  }

  /**
   * What a filter lets through from a place on, up to the next multiple of some bytes; the same array for all who ask
   * for the same. The multiples bring readers that stood at different places to the same ones.
   */
  slice(place: number, filter: EventFilter): Slice {
    const from = Math.max(0, place - this.#start)
    const upTo = (Math.floor((this.#slots[from]?.before ?? 0) / this.#sliceBytes) + 1) * this.#sliceBytes
    const key = `${place} ${upTo > this.endBytes ? this.end : ''} ${filter.key}`
    const known = this.#slices.get(key)
    if (known) return known
    const events: LiveEvent[] = []
    let index = from
    for (let slot = this.#slots[index]; slot && slot.before < upTo; slot = this.#slots[++index]) {
      if (filter.admits(slot.event)) events.push(slot.event)
    }
    const slice = { events, next: this.#start + index }
    if (this.#slices.size >= MAX_SLICES) this.#slices.clear()
    this.#slices.set(key, slice)
    return slice
  }
}
