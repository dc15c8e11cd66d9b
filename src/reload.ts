import { type LiveAgents, openAgents } from './agents/registry.ts'
import type { Tool } from './agents/tool.ts'
import type { Prepare } from './config/live.ts'
import type { Config } from './config/schema.ts'
import type { LiveEmbedders } from './embeddings/open.ts'
import type { Events } from './events/events.ts'
import type { Catalog } from './models/catalog.ts'
import type { LiveCatalog } from './models/live-catalog.ts'
import type { NewEvent } from './storage/port.ts'
import { refuseUnknownModels } from './webhooks/models.ts'

export interface ReloadOptions {
  catalog: LiveCatalog
  agents: LiveAgents
  embedders: LiveEmbedders
  tools: readonly Tool[]
  events: Events
  openModels(config: Config, former: Catalog): Catalog
}

/**
 * Puts the providers and agents of a new configuration in place of those there are. Turns that run go on with theirs. What
 * names a model of theirs is checked here, where they are known, whatever it was that changed.
 */
export function reload({ catalog, agents, embedders, tools, events, openModels }: ReloadOptions): Prepare {
  return (next, current) => {
    const otherProviders = differs(next.providers, current.providers)
    const models = otherProviders ? openModels(next, catalog) : undefined
    refuseUnknownModels(next, models ?? catalog)
    if (!otherProviders && !differs(next.agents, current.agents)) return undefined
    const applyEmbedders = otherProviders ? embedders.prepare(next) : undefined
    const others = openAgents(next, models ?? catalog, tools)
    function apply(): void {
      if (models) catalog.replace(models)
      applyEmbedders?.()
      agents.replace(others)
    }
    return { apply, events: tellAgents(next, current, events) }
  }
}

const differs = (one: unknown, other: unknown) => JSON.stringify(one) !== JSON.stringify(other)

function tellAgents(next: Config, current: Config, events: Events): NewEvent[] {
  const without = (some: Config, others: Config) =>
    Object.keys(some.agents).filter((id) => !Object.hasOwn(others.agents, id))
  return [
    ...without(current, next).map((agentId) => events.prepare('agent:hot_removed', { agentId })),
    ...without(next, current).map((agentId) => events.prepare('agent:hot_added', { agentId }))
  ]
}
