import type { Channel, Channels } from './channels/channels.ts'
import type { EventLoop } from './event-loop.ts'
import type { Events } from './events/events.ts'
import type { Memory, MemoryStats } from './memory/memory.ts'
import type { Catalog } from './models/catalog.ts'
import type { ProviderHealth, ProviderState } from './models/health.ts'
import type { GateState } from './models/provider-gate.ts'
import type { ProcessStatus } from './status.ts'
import type { Storage, StorageSize } from './storage/port.ts'
import type { Turns } from './turns/turns.ts'

/** How the gateway is, part by part. */
export interface DiagnosticsReport {
  process: ProcessStatus
  /** The 99th percentile, over at most the last minute. */
  eventLoopDelayMs: number
  /** The oldest id that is kept, the newest that was given, and how many read. */
  events: { first: number; last: number; readers: number }
  /** Open WebSockets. */
  sockets: number
  /** `waiting`: of those that run, those that wait for a place. */
  turns: { running: number; waiting: number }
  providers: (ProviderState & GateState & { id: string })[]
  memory: MemoryStats
  storage: StorageSize
  channels: Channel[]
}

export interface Diagnostics {
  /** Adds a surface that holds sockets. @param count how many it holds now */
  countSockets(count: () => number): void
  /** Open sockets of all of them. */
  readonly sockets: number
  read(): Promise<DiagnosticsReport>
}

export interface DiagnosticsOptions {
  status(): ProcessStatus
  loop: EventLoop
  events: Events
  turns: Turns
  catalog: Catalog
  health: ProviderHealth
  memory: Memory
  storage: Storage
  channels: Channels
}

export function openDiagnostics(options: DiagnosticsOptions): Diagnostics {
  const { status, loop, events, turns, catalog, health, memory, storage, channels } = options
  const counts: (() => number)[] = []
  const sockets = () => counts.reduce((sum, count) => sum + count(), 0)
  return {
    countSockets: (count) => void counts.push(count),
    get sockets() {
      return sockets()
    },
    async read() {
      const [bounds, stats, size] = await Promise.all([storage.events.bounds(), memory.stats(), storage.size()])
      return {
        process: status(),
        eventLoopDelayMs: loop.delayMs,
        events: { ...bounds, readers: events.readers },
        sockets: sockets(),
        turns: { running: turns.running, waiting: turns.waiting },
        providers: catalog.providers.flatMap((id) => {
          const gate = catalog.gate(id)
          return gate ? [{ id, ...health.of(id), ...gate.state }] : []
        }),
        memory: stats,
        storage: size,
        channels: channels.list()
      }
    }
  }
}
