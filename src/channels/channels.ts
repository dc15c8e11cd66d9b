import type { LiveConfig } from '../config/live.ts'
import type { Config } from '../config/schema.ts'
import { GatewayError } from '../errors.ts'
import type { Events } from '../events/events.ts'
import { orAbort } from '../wait.ts'

/** A way by which messages reach people. */
export interface Channel {
  type: string
  name: string
  enabled: boolean
  /** `unavailable`: it is configured and nothing serves it. */
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
  /** Sends a message. The same id comes again where it is not known whether it was sent. Aborted after 30 s. */
  send?(message: ChannelMessage, signal: AbortSignal): Promise<void>
  /** Looks whether it works, beyond what `status` knows; rejects with what is wrong. Aborted after 10 s. */
  check?(signal: AbortSignal): Promise<void>
  /** Is called when the channel is enabled while the gateway runs, and after `stop` for a restart. */
  start?(): Promise<void>
  /** Is called when the channel is disabled while the gateway runs, and for a restart. */
  stop?(): Promise<void>
}

/** What is sent by a channel. */
export interface ChannelMessage {
  /** To whom, in the channel's own words. */
  to: string
  text: string
  /** The same whenever it is sent again. */
  id: string
}

/** What a look at a channel found. */
export interface ChannelHealth {
  healthy: boolean
  status: ChannelStatus
  /** What is wrong. */
  message?: string
}

export interface Channels {
  /** All that are configured or registered, in the order of the configuration. */
  list(): Channel[]
  /** @throws GatewayError `not_found` */
  get(type: string): Channel
  /**
   * Makes a channel available, and tells of it.
   * @returns what takes it away again
   * @throws Error if one of this type is registered
   */
  register(adapter: ChannelAdapter): () => void
  /** Looks whether it works, and tells of it as `diagnostic:channel_health`. @throws GatewayError `not_found` */
  health(type: string, signal: AbortSignal): Promise<ChannelHealth>
  /** Whether something serves it that can send. */
  canSend(type: string): boolean
  /**
   * @param signal gives it up before its own limit
   * @throws GatewayError `channel_failed`, also for a channel that is not enabled or that nothing serves
   */
  send(type: string, message: ChannelMessage, signal: AbortSignal): Promise<void>
  /** Stops it and starts it again. @throws GatewayError `not_found`; `invalid_request` where that is not possible */
  restart(type: string): Promise<void>
}

interface Registered {
  adapter: ChannelAdapter
  since: number
}

/** What serves a channel is not waited for any longer. */
const LONGEST_MS = 10_000
const LONGEST_SEND_MS = 30_000

/** @param liveConfig says which are enabled; what serves a channel is started and stopped as it changes */
export function openChannels(liveConfig: LiveConfig, events: Events): Channels {
  const registered = new Map<string, Registered>()
  const config = () => liveConfig.current.channels
  const configured = (type: string) => (Object.hasOwn(config(), type) ? config()[type] : undefined)
  const nameOf = (type: string) => registered.get(type)?.adapter.name ?? configured(type)?.name ?? type
  const types = () => [...new Set([...Object.keys(config()), ...registered.keys()])]

  function get(type: string): Channel {
    const found = registered.get(type)
    if (!found && !configured(type)) throw new GatewayError('not_found', 'There is no such channel', { param: 'type' })
    const channel = { type, name: nameOf(type), enabled: configured(type)?.enabled ?? true }
    if (!found) return { ...channel, status: 'unavailable' }
    const uptime = Math.floor((performance.now() - found.since) / 1000)
    return { ...channel, status: found.adapter.status(), uptime, lastMessageAt: found.adapter.lastMessageAt?.() }
  }

  /** Starts what was enabled and stops what was disabled. */
  async function follow(next: Config['channels'], before: Config['channels']): Promise<void> {
    const isOn = (channels: Config['channels'], type: string) => channels[type]?.enabled ?? true
    for (const [type, { adapter }] of registered) {
      if (isOn(next, type) === isOn(before, type)) continue
      if (isOn(next, type)) await attempt(adapter.start?.(), 'started')
      else await attempt(adapter.stop?.(), 'stopped')
    }
  }

  liveConfig.onChange((next, before) => ({ apply: () => follow(next.channels, before.channels) }))
  return {
    list: () => types().map(get),
    get,
    register(adapter) {
      const { type } = adapter
      if (registered.has(type)) throw new Error(`There is a channel "${type}" already`)
      registered.set(type, { adapter, since: performance.now() })
      events.emit('channel:registered', { type, name: nameOf(type) })
      return () => {
        if (registered.get(type)?.adapter !== adapter) return
        const name = nameOf(type)
        registered.delete(type)
        events.emit('channel:deregistered', { type, name })
      }
    },
    async health(type, signal) {
      const { status } = get(type)
      const failure = await checkFailure(registered.get(type)?.adapter, signal)
      const healthy = status === 'connected' && failure === undefined
      const health = { healthy, status, ...(failure !== undefined && { message: failure }) }
      events.emit('diagnostic:channel_health', { type, status: healthy ? 'healthy' : status, message: failure })
      return health
    },
    canSend: (type) => registered.get(type)?.adapter.send !== undefined,
    async send(type, message, signal) {
      const adapter = registered.get(type)?.adapter
      if (!adapter?.send || !(configured(type)?.enabled ?? true)) {
        throw new GatewayError('channel_failed', `Nothing sends by the channel "${type}"`)
      }
      const tooLong = AbortSignal.timeout(LONGEST_SEND_MS)
      const limit = AbortSignal.any([signal, tooLong])
      try {
        await orAbort(adapter.send(message, limit), limit)
      } catch (cause) {
        const why = tooLong.aborted ? `: no answer within ${LONGEST_SEND_MS / 1000} s` : codeOf(cause)
        throw new GatewayError('channel_failed', `The channel "${type}" could not send${why}`, { cause })
      }
    },
    async restart(type) {
      const { enabled } = get(type)
      const adapter = registered.get(type)?.adapter
      if (!enabled) throw new GatewayError('invalid_request', 'The channel is not enabled', { param: 'type' })
      if (!adapter?.stop || !adapter.start) {
        throw new GatewayError('invalid_request', 'What serves this channel cannot be restarted', { param: 'type' })
      }
      await attempt(adapter.stop(), 'stopped')
      await attempt(adapter.start(), 'started')
    }
  }
}

/** What is told of a failure of a channel's: its words may quote a secret, a code cannot. */
function codeOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,39}$/.test(code) ? `: ${code}` : ''
}

/** @returns what is wrong with it, if anything is */
async function checkFailure(adapter: ChannelAdapter | undefined, signal: AbortSignal): Promise<string | undefined> {
  if (!adapter?.check) return undefined
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)])
  try {
    await orAbort(adapter.check(limit), limit)
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    if (limit.aborted) return `No answer within ${LONGEST_MS / 1000} s`
    return error instanceof Error ? error.message : String(error)
  }
}

async function attempt(work: Promise<void> | undefined, done: 'started' | 'stopped'): Promise<void> {
  try {
    if (work) await orAbort(work, AbortSignal.timeout(LONGEST_MS))
  } catch (cause) {
    throw new GatewayError('channel_failed', `The channel could not be ${done}`, { cause })
  }
}
