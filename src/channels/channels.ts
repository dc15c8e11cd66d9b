import type { Config } from '../config/schema.ts'
import type { Events } from '../events/events.ts'

/** A way by which messages reach people. */
export interface Channel {
  type: string
  name: string
  /** `unavailable`: it is configured and nothing serves it yet. */
  status: ChannelStatus
  /** Seconds since it was registered. */
  uptime?: number
  /** Milliseconds since the epoch. */
  lastMessageAt?: number
}

export type ChannelStatus = 'connected' | 'connecting' | 'disconnected' | 'error' | 'unavailable'

/** What serves a channel: an embedding application registers it. */
export interface ChannelAdapter {
  type: string
  /** Default: the configured name, or else the type. */
  name?: string
  status(): Exclude<ChannelStatus, 'unavailable'>
  lastMessageAt?(): number | undefined
}

export interface Channels {
  /** The enabled ones, in the order of the configuration. */
  list(): Channel[]
  /**
   * Makes a channel available, and tells of it.
   * @returns what takes it away again
   * @throws Error if one of this type is registered, or it is configured and not enabled
   */
  register(adapter: ChannelAdapter): () => void
}

interface Registered {
  adapter: ChannelAdapter
  since: number
}

export function openChannels(config: Config['channels'], events: Events): Channels {
  const registered = new Map<string, Registered>()
  const nameOf = (type: string) => registered.get(type)?.adapter.name ?? config[type]?.name ?? type

  function describe(type: string): Channel {
    const found = registered.get(type)
    if (!found) return { type, name: nameOf(type), status: 'unavailable' }
    const uptime = Math.floor((performance.now() - found.since) / 1000)
    const { adapter } = found
    return { type, name: nameOf(type), status: adapter.status(), uptime, lastMessageAt: adapter.lastMessageAt?.() }
  }

  return {
    list() {
      const configured = Object.keys(config).filter((type) => config[type]?.enabled)
      return [...new Set([...configured, ...registered.keys()])].map(describe)
    },
    register(adapter) {
      const { type } = adapter
      if (registered.has(type)) throw new Error(`There is a channel "${type}" already`)
      if (config[type] && !config[type].enabled) throw new Error(`The channel "${type}" is not enabled`)
      registered.set(type, { adapter, since: performance.now() })
      events.emit('channel:registered', { type, name: nameOf(type) })
      return () => {
        if (registered.get(type)?.adapter !== adapter) return
        const name = nameOf(type)
        registered.delete(type)
        events.emit('channel:deregistered', { type, name })
      }
    }
  }
}
