import { openTokens, type Tokens } from './access/tokens.ts'
import { openAgents, type Agents } from './agents/registry.ts'
import { createRunTurn } from './agents/run-turn.ts'
import type { Tool } from './agents/tool.ts'
import { currentTime } from './agents/tools/current-time.ts'
import { localLeases } from './cluster/local-leases.ts'
import { expandHome } from './config/paths.ts'
import type { Config } from './config/schema.ts'
import { type Instance, newInstance } from './instance.ts'
import { type Catalog, openCatalog } from './models/catalog.ts'
import { discoverProviders } from './models/discover.ts'
import type { Storage } from './storage/port.ts'
import { openSqlite } from './storage/sqlite/open.ts'
import { createTurns, type Turns, type TurnSummary } from './turns/turns.ts'

/** The domain, put together: what the routes reach through `fastify.comis`. */
export interface Services {
  readonly config: Config
  readonly instance: Instance
  readonly tokens: Tokens
  readonly catalog: Catalog
  readonly agents: Agents
  readonly turns: Turns
  readonly storage: Storage
}

export interface ServicesOptions {
  config: Config
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
}

/** @throws ConfigError for what only shows when things are opened: files, folders, providers, tools */
export async function openServices({ config, env, tools, ...on }: ServicesOptions): Promise<Services> {
  const providers = config.providers ?? (await discoverProviders(env))
  const catalog = openCatalog(providers, env, on.onListError)
  const agents = openAgents(config, catalog, [currentTime, ...tools])
  const storage = openSqlite(expandHome(config.dataDir))
  try {
    const tokens = await openTokens(config, storage.tokens)
    const abandoned = await storage.turns.abandon(Date.now())
    if (abandoned > 0) on.onAbandoned(abandoned)
    const turns = createTurns({
      leases: localLeases(),
      turns: storage.turns,
      runTurn: createRunTurn({ sessions: storage.sessions }),
      priceOf: catalog.priceOf,
      onUnstored: on.onUnstored,
      stallMs: config.gateway.stallMs,
      onFinished: on.onTurn
    })
    return { config, instance: newInstance(), tokens, catalog, agents, turns, storage }
  } catch (error) {
    await storage.close()
    throw error
  }
}
