import { join } from 'node:path'
import { Refusals } from './access/refusals.ts'
import { Tickets } from './access/tickets.ts'
import { openTokens, type Tokens } from './access/tokens.ts'
import { type AgentManager, manageAgents } from './agents/manage.ts'
import { type Agents, liveAgents, openAgents } from './agents/registry.ts'
import { expireSteps } from './agents/expire-steps.ts'
import { createRunTurn } from './agents/run-turn.ts'
import type { Tool } from './agents/tool.ts'
import { memoryTools } from './agents/tools/memory.ts'
import { currentTime } from './agents/tools/current-time.ts'
import { localLeases } from './cluster/local-leases.ts'
import { type Channels, openChannels } from './channels/channels.ts'
import { expandHome } from './config/paths.ts'
import { type LiveConfig, loadLiveConfig, openLiveConfig } from './config/live.ts'
import type { Config, ConfigInput } from './config/schema.ts'
import { openEmbedders } from './embeddings/open.ts'
import type { Embedders } from './embeddings/port.ts'
import { type Events, openEvents } from './events/events.ts'
import { emitMetrics } from './events/metrics.ts'
import { watchEventLoop } from './event-loop.ts'
import { type Diagnostics, openDiagnostics } from './diagnostics.ts'
import { type Instance, newInstance } from './instance.ts'
import { openSpending, type Spending } from './limits/spending.ts'
import { Slots } from './limits/slots.ts'
import { openFolder } from './media/fs/store.ts'
import { type Media, openMedia } from './media/media.ts'
import { type Memory, openMemory } from './memory/memory.ts'
import { type Catalog, openCatalog } from './models/catalog.ts'
import { discoverProviders } from './models/discover.ts'
import { askModel } from './models/fallback.ts'
import { followHealth } from './models/health.ts'
import { liveCatalog } from './models/live-catalog.ts'
import { type Metrics, openMetrics } from './metrics/metrics.ts'
import { type Readiness, watchReadiness } from './readiness.ts'
import { reload } from './reload.ts'
import { expireSessions } from './sessions/expire.ts'
import { openSessions, type Sessions } from './sessions/sessions.ts'
import type { DeliveryCount, Storage } from './storage/port.ts'
import { openSqlite } from './storage/sqlite/open.ts'
import { processStatus } from './status.ts'
import { expireKeptTurns } from './turns/expire-kept.ts'
import { traceGenAi } from './telemetry/gen-ai.ts'
import { openTelemetry } from './telemetry/open.ts'
import type { Tracer } from './telemetry/tracer.ts'
import { tellAbandoned } from './turns/tell.ts'
import { createTurns, type Turns, type TurnSummary } from './turns/turns.ts'
import { openUsages, type Usages } from './usage/usage.ts'
import { openHeldTexts } from './webhooks/held.ts'
import { openWebhooks, type Webhooks } from './webhooks/webhooks.ts'

/** Whether the process has more to do than it can; whoever measures it says how to tell. */
export interface Pressure {
  isHigh(): boolean
}

/** The domain, put together: what the routes reach through `fastify.comis`. */
export interface Services {
  /** The configuration as it is now. What is taken from it when the gateway starts stays as it was then. */
  readonly config: Config
  /** The same, to be changed while the gateway runs. */
  readonly liveConfig: LiveConfig
  /** The files that the configuration was read from. */
  readonly configPaths: readonly string[]
  readonly instance: Instance
  readonly tokens: Tokens
  readonly tickets: Tickets
  /** Requests that were refused, for the journal. */
  readonly refusals: Refusals
  /** What clients use up of what they may. */
  readonly spending: Spending
  readonly catalog: Catalog
  readonly embedders: Embedders
  readonly agents: Agents
  /** Adds, changes and takes away agents. */
  readonly agentManager: AgentManager
  readonly turns: Turns
  readonly pressure: Pressure
  readonly sessions: Sessions
  readonly events: Events
  readonly channels: Channels
  readonly memory: Memory
  readonly media: Media
  readonly usages: Usages
  readonly webhooks: Webhooks
  readonly diagnostics: Diagnostics
  /** What is counted for Prometheus. */
  readonly metrics: Metrics
  /** What makes traces; undefined where they are sent nowhere. */
  readonly tracer: Tracer | undefined
  /** Whether more is to be sent here. */
  readonly readiness: Readiness
  readonly storage: Storage
  /** Ends what goes on by itself, once nothing else goes on. */
  close(): Promise<void>
}

export interface ServicesOptions {
  /** What the file says, or the host application. */
  config: Config
  /** What stands above all that is changed at run time. */
  overrides: ConfigInput
  /** Starts without what was changed at run time. */
  discardPatches: boolean
  configPaths: readonly string[]
  env: Record<string, string | undefined>
  /** Tools of the host application, beside the ones that come with the gateway. */
  tools: readonly Tool[]
  onTurn(summary: TurnSummary): void
  /** Turns that an earlier process left unfinished. */
  onAbandoned(count: number): void
  /** The end of a turn that could not be stored. */
  onUnstored(id: string, error: unknown): void
  /** A provider that could not be asked for its models. */
  onListError(error: unknown): void
  /** Traces could not be sent to where they are collected. */
  onTraceError(error: unknown): void
  /** What goes on by itself failed: events that were not stored, sessions that did not expire. */
  onError(error: unknown): void
}

/** @throws ConfigError for what only shows when things are opened: files, folders, providers, tools */
export async function openServices(options: ServicesOptions): Promise<Services> {
  const { configPaths, env, tools: ownTools, overrides, discardPatches, ...on } = options
  const { onError } = on
  const base = { ...options.config, providers: options.config.providers ?? (await discoverProviders(env)) }
  await using opened = new AsyncDisposableStack()
  const tracer = await openTelemetry(options.config, env, on.onTraceError)
  opened.defer(() => tracer?.close())
  const storage = opened.adopt(openSqlite(expandHome(base.dataDir)), (store) => store.close())
  const loaded = await loadLiveConfig({ base, overrides, discardPatches, store: storage.config })
  const { config } = loaded
  const events = await openEvents({ journal: storage.events, onError, ...config.gateway.events })
  opened.defer(() => events.stop())
  const tokens = opened.adopt(await openTokens(config, storage.tokens, events), (all) => all.stop())
  const refusals = opened.adopt(new Refusals(events), (all) => all.stop())
  const liveConfig = openLiveConfig(loaded, events)
  const now = () => liveConfig.current
  liveConfig.onChange(({ gateway }) => ({ apply: () => events.keep(gateway.events) }))

  const health = followHealth(events)
  const openModels = ({ providers = {} }: Config, former?: Catalog) =>
    openCatalog({ configs: providers, env, former, onError: on.onListError })
  const catalog = liveCatalog(openModels(config))
  const embedders = opened.adopt(openEmbedders(config, env, health), (all) => all.close())
  const memory = await openMemory({ store: storage.memory, embedders, events, onError })
  opened.defer(() => memory.stop())
  const dataDir = expandHome(base.dataDir)
  const media = openMedia({
    store: await openFolder(join(dataDir, 'media')),
    dataDir,
    settings: () => now().gateway.media,
    events,
    onError
  })
  opened.defer(() => media.stop())
  const traced = traceGenAi(tracer)
  const tools = traced.tools([currentTime, ...memoryTools(memory), ...ownTools])
  const agents = liveAgents(openAgents(config, catalog, tools))
  liveConfig.onChange(reload({ catalog, agents, embedders, tools, events, openModels }))

  const abandoned = await storage.turns.abandon(Date.now(), (turn) => tellAbandoned(turn, events))
  if (abandoned > 0) on.onAbandoned(abandoned)
  await liveConfig.rememberStart()
  const leases = localLeases()
  const held = await openHeldTexts(storage.deliveries, onError)
  const slots = new Slots(() => now().gateway.turns)
  liveConfig.onChange(() => ({ apply: () => slots.changed() }))
  const spending = await openSpending(storage.budgets, events)
  const pressure: Pressure = { isHigh: () => false }
  const turns = createTurns({
    leases,
    slots,
    spending,
    isUnderPressure: () => pressure.isHigh(),
    turns: storage.turns,
    kept: storage.kept,
    events,
    runTurn: traced.turns(
      createRunTurn({
        sessions: storage.sessions,
        steps: storage.steps,
        calls: { health, events, ask: traced.models(askModel) },
        memory,
        media,
        held,
        onError
      })
    ),
    priceOf: catalog.priceOf,
    onUnstored: on.onUnstored,
    stallMs: () => now().gateway.stallMs,
    onFinished(summary) {
      held.ended(summary.turn.id)
      metrics.countTurn(summary)
      on.onTurn(summary)
    }
  })
  const sessions = openSessions({ store: storage.sessions, leases, turns, agents, events })
  const channels = openChannels(liveConfig, events)
  const webhooks = await openWebhooks({
    liveConfig,
    storage,
    events,
    turns,
    agents,
    catalog,
    channels,
    held,
    refusals,
    onError
  })
  opened.defer(() => webhooks.close())
  const idleMinutes = () => now().sessions.idleMinutes
  opened.defer(expireSessions({ sessions: storage.sessions, events, idleMinutes, onError }))
  opened.defer(expireKeptTurns(storage.kept, onError))
  opened.defer(expireSteps(storage.steps, onError))
  const loop = watchEventLoop()
  opened.defer(() => loop.end())
  opened.defer(emitMetrics(events, loop, () => turns.running))
  const watched = { catalog, channels, events, health, loop, memory, storage, turns }
  const diagnostics = openDiagnostics({ ...watched, status: () => processStatus(liveConfig, configPaths) })
  const metrics = openMetrics({
    ...watched,
    runningTurns: () => turns.running,
    sockets: () => diagnostics.sockets,
    queues: {
      turns: () => slots.waiting,
      writes: () => storage.waiting,
      deliveries: () => waitingDeliveries(storage.deliveries.counts())
    },
    isKnown: (provider, model) => catalog.lists(provider, model) || agents.use(provider, model)
  })
  const ends = opened.move()
  return {
    get config() {
      return liveConfig.current
    },
    liveConfig,
    configPaths,
    instance: newInstance(),
    tokens,
    tickets: new Tickets((principal) => tokens.isValid(principal)),
    refusals,
    spending,
    pressure,
    catalog,
    embedders,
    agents,
    agentManager: manageAgents(liveConfig),
    turns,
    sessions,
    events,
    memory,
    media,
    channels,
    webhooks,
    usages: openUsages(storage.usage, events),
    diagnostics,
    metrics,
    tracer,
    readiness: watchReadiness({ storage, isOverloaded: () => pressure.isHigh() }),
    storage,
    close: () => ends.disposeAsync()
  }
}

async function waitingDeliveries(counted: Promise<DeliveryCount[]>): Promise<number> {
  return (await counted).reduce((sum, { state, count }) => (state === 'waiting' ? sum + count : sum), 0)
}
