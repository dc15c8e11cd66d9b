import type { Catalog } from '../models/catalog.ts'
import type { Agent } from './registry.ts'

/** The agent as it is, but for the model it talks to: `provider/model`, or undefined for its own. */
export function withModel(agent: Agent, model: string | undefined, catalog: Catalog): Agent {
  if (model === undefined) return agent
  const providerId = model.slice(0, model.indexOf('/'))
  return { ...agent, providerId, model: () => catalog.find(model) }
}
