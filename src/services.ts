import { openTokens, type Tokens } from './access/tokens.ts'
import { openAgents, type Agents } from './agents/registry.ts'
import { createRunTurn } from './agents/run-turn.ts'
import type { Tool } from './agents/tool.ts'
import { memoryTools } from './agents/tools/memory.ts'
import { currentTime } from './agents/tools/current-time.ts'
import { localLeases } from './cluster/local-leases.ts'
import { type Channels, openChannels } from './channels/channels.ts'
import { expandHome } from './config/paths.ts'
import { rememberConfig } from './config/remember.ts'
import type { Config } from './config/schema.ts'
import { openEmbedders } from './embeddings/open.ts'
import type { Embedders } from './embeddings/port.ts'
import { type Events, openEvents } from './events/events.ts'
import { emitMetrics } from './events/metrics.ts'
import { type Instance, newInstance } from './instance.ts'
import { type Memory, openMemory } from './memory/memory.ts'
import { type Catalog, openCatalog } from './models/catalog.ts'
import { discoverProviders } from './models/discover.ts'
import { followHealth } from './models/health.ts'
import { expireSessions } from './sessions/expire.ts'
import { openSessions, type Sessions } from './sessions/sessions.ts'
import type { Storage } from './storage/port.ts'
import { openSqlite } from './storage/sqlite/open.ts'
import { tellAbandoned } from './turns/tell.ts'
import { createTurns, type Turns, type TurnSummary } from './turns/turns.ts'

/** The domain, put together: what the routes reach through `fastify.comis`. */
export interface Services {
  readonly config: Config
  /** The files that the configuration was read from. */
  readonly configPaths: readonly string[]
  readonly instance: Instance
  readonly tokens: Tokens
  readonly catalog: Catalog
  readonly embedders: Embedders
  readonly agents: Agents
  readonly turns: Turns
  readonly sessions: Sessions
  readonly events: Events
  readonly channels: Channels
  readonly memory: Memory
  readonly storage: Storage
  /** Ends what goes on by itself, once nothing else goes on. */
  close(): Promise<void>
}

export interface ServicesOptions {
  config: Config
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
  /** What goes on by itself failed: events that were not stored, sessions that did not expire. */
  onError(error: unknown): void
}

/** @throws ConfigError for what only shows when things are opened: files, folders, providers, tools */
export async function openServices({ config, configPaths, env, tools, ...on }: ServicesOptions): Promise<Services> {
  const providers = config.providers ?? (await discoverProviders(env))
  const catalog = openCatalog(providers, env, on.onListError)
  const embedders = openEmbedders({ ...config, providers }, env)
  const storage = openSqlite(expandHome(config.dataDir))
  const { onError } = on
  try {
    const tokens = await openTokens(config, storage.tokens)
    const events = await openEvents({ journal: storage.events, onError, ...config.gateway.events })
    const memory = await openMemory({ store: storage.memory, embedders, events, onError })
    const agents = openAgents(config, catalog, [currentTime, ...memoryTools(memory), ...tools])
    const abandoned = await storage.turns.abandon(Date.now(), (turn) => tellAbandoned(turn, events))
    if (abandoned > 0) on.onAbandoned(abandoned)
    await rememberConfig(config, storage.starts, events)
    const leases = localLeases()
    const turns = createTurns({
      leases,
      turns: storage.turns,
      events,
      runTurn: createRunTurn({ sessions: storage.sessions, health: followHealth(events), memory, onError }),
      priceOf: catalog.priceOf,
      onUnstored: on.onUnstored,
      stallMs: config.gateway.stallMs,
      onFinished: on.onTurn
    })
    const sessions = openSessions({ store: storage.sessions, leases, turns, agents, events })
    const channels = openChannels(config.channels, events)
    const { idleMinutes } = config.sessions
    const ends = [
      expireSessions({ sessions: storage.sessions, events, idleMinutes, onError }),
      emitMetrics(events, () => turns.running)
    ]
    async function close(): Promise<void> {
      for (const end of ends) end()
      events.stop()
      await memory.stop()
      await embedders.close()
      await storage.close()
    }
    const told = { config, configPaths, instance: newInstance() }
    return { ...told, tokens, catalog, embedders, agents, turns, sessions, events, memory, channels, storage, close }
  } catch (error) {
    await embedders.close()
    await storage.close()
    throw error
  }
}
