import type { Refusals } from '../access/refusals.ts'
import type { Agents } from '../agents/registry.ts'
import type { Channels } from '../channels/channels.ts'
import { ConfigError } from '../config/error.ts'
import type { LiveConfig } from '../config/live.ts'
import type { Config } from '../config/schema.ts'
import type { Events } from '../events/events.ts'
import type { Catalog } from '../models/catalog.ts'
import type { Storage } from '../storage/port.ts'
import type { Turns } from '../turns/turns.ts'
import { attemptDelivery } from './attempt.ts'
import type { HeldTexts } from './held.ts'
import { type Inbox, openInbox } from './inbox.ts'
import { compileMappings } from './mapping.ts'
import { refuseUnknownModels } from './models.ts'
import { openOperator, type Operator } from './operator.ts'
import { allMappings } from './presets.ts'
import { pruneDeliveries } from './prune.ts'
import { openWorker } from './worker.ts'

/** What comes by webhooks, from its acceptance to its end. */
export interface Webhooks extends Inbox, Operator {
  /** Begins to work off what was accepted, now or before. @throws ConfigError where a mapping delivers to what nothing serves */
  start(): void
  /** Begins nothing more, and gives up after `graceMs` what channels still send. */
  stop(graceMs: number): void
  /** Resolves once nothing is worked on. */
  settled(): Promise<void>
  /** Ends what goes on by itself. */
  close(): void
}

export interface WebhooksOptions {
  liveConfig: LiveConfig
  storage: Storage
  events: Events
  refusals: Refusals
  turns: Turns
  agents: Agents
  catalog: Catalog
  channels: Channels
  held: HeldTexts
  onError(error: unknown): void
}

/**
 * Gives back what an earlier process was at; nothing is worked on before `start`.
 * @throws ConfigError for a secret that cannot be used, or a model that is not there
 */
export async function openWebhooks(options: WebhooksOptions): Promise<Webhooks> {
  const { liveConfig, storage, events, catalog, channels, refusals, held, onError } = options
  const store = storage.deliveries
  const settings = () => liveConfig.current.webhooks
  refuseUnknownModels(liveConfig.current, catalog)
  let mappings = compileMappings(liveConfig.current)
  await store.release(Date.now())
  let started = false

  const ports = { ...options, store, mappings: () => mappings }
  const worker = openWorker({
    store,
    events,
    settings,
    onError,
    attempt: (delivery, ending) => attemptDelivery(delivery, ports, ending)
  })
  const inbox = openInbox({ store, events, refusals, mappings: () => mappings, onAccepted: worker.wake })
  const operator = openOperator({
    store,
    events,
    settings,
    isWorkedOn: ({ id, state }) => (state === 'handed' ? held.holds(id) : worker.has(id)),
    onChanged: worker.wake
  })
  const endPruning = pruneDeliveries(store, settings, onError)

  liveConfig.onChange((next) => {
    const others = compileMappings(next)
    if (started) refuseUnserved(next, channels)
    function apply(): void {
      mappings = others
      worker.wake()
    }
    return { apply }
  })

  return {
    ...inbox,
    ...operator,
    start() {
      if (!settings().enabled) return
      refuseUnserved(liveConfig.current, channels)
      started = true
      worker.start()
    },
    stop: worker.stop,
    async settled() {
      await worker.settled()
      await held.settled()
    },
    close: endPruning
  }
}

/** Which channels there are is only known once the host application has registered them. */
function refuseUnserved({ webhooks }: Config, channels: Channels): void {
  const issues = allMappings(webhooks).flatMap(({ mapping: { deliver, channel }, path }) =>
    !deliver || channel === undefined || channels.canSend(channel)
      ? []
      : [{ path: `${path}.channel`, message: `nothing that can send serves the channel "${channel}"` }]
  )
  if (issues.length > 0) throw new ConfigError(issues)
}
